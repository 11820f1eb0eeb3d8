const TYPED = 300
const KEYS = ["status:", "queue:", "name:", "tag:", "worker:", "id:", "error:"]
const OFFERED = 12
// What is being typed: a key, if there is one yet, and a value that may be quoted.
const TERM = /(?:([a-z]+):)?(?:"([^"]*)|([^\s"]*))$/i

function offered(head, known) {
  const [all, key, quoted, plain] = TERM.exec(head)
  const before = head.slice(0, head.length - all.length)
  const typed = (quoted ?? plain).toLowerCase()
  if (key === undefined && quoted !== undefined) { return [] }
  if (key === undefined) {
    return KEYS.filter((one) => one.startsWith(typed)).map((one) => ({word: one, text: before + one}))
  }
  const values = (known[key.toLowerCase()] || []).filter((one) => one.toLowerCase().includes(typed))
  const written = (one) => /\s/.test(one) ? `"${one}"` : one
  // What is typed so far is no value yet, and is not filtered by until Enter or a blank says so.
  const begun = typed !== "" && !values.some((one) => one.toLowerCase() === typed)
  return values.slice(0, OFFERED).map((one) => ({
    word: one, text: `${before}${key}:${written(one)} `, begun,
  }))
}

export function render({model}) {
  const root = make("div", "filter")
  const field = make("div", "field")
  const input = make("input")
  input.type = "text"
  input.setAttribute("role", "searchbox")
  input.setAttribute("aria-label", "Filter tasks")
  input.placeholder = "Filter: a word, or status:failed queue:… name:… tag:… worker:… id:… error:…"
  input.maxLength = model.limit
  input.spellcheck = false
  input.autocomplete = "off"
  const clear = make("button", "clear", "✕")
  clear.type = "button"
  clear.setAttribute("aria-label", "Clear the filter")
  const slash = make("kbd", "", "/")
  field.append(icon("find"), input, clear, slash)
  const keys = make("div", "keys")
  keys.id = "offers"
  keys.setAttribute("role", "listbox")
  keys.setAttribute("aria-label", "What may follow")
  input.setAttribute("aria-controls", keys.id)
  input.setAttribute("aria-autocomplete", "list")
  let chosen = -1
  const choose = (place) => {
    const options = [...keys.children], stops = options.length + 1
    chosen = (place + 1 + stops) % stops - 1
    options.forEach((one, at) => one.setAttribute("aria-selected", at === chosen))
    if (chosen < 0) { input.removeAttribute("aria-activedescendant") }
    else { input.setAttribute("aria-activedescendant", options[chosen].id) }
  }
  const accept = ({text}) => {
    const rest = input.value.slice(input.selectionEnd)
    input.value = text + rest.trimStart()
    input.setSelectionRange(text.length, text.length)
    input.focus()
    offer()
    if (text.endsWith(" ")) { send() }
    show()
  }
  let offers = []
  const offer = () => {
    const found = offered(input.value.slice(0, input.selectionStart), model.known)
    const same = found.length === offers.length && found.every((one, at) => one.text === offers[at].text)
    offers = found
    if (same) { return }
    keys.replaceChildren(...offers.map((one, at) => {
      const button = make("button", "mono", one.word)
      button.type = "button"
      button.tabIndex = -1
      button.id = `offer-${at}`
      button.setAttribute("role", "option")
      button.addEventListener("pointerdown", (event) => { event.preventDefault(); accept(one) })
      return button
    }))
    choose(-1)
  }
  const said = make("div", "said")
  said.setAttribute("role", "status")
  const words = make("span", "words")
  const on = make("button", "on", "Go on")
  on.type = "button"
  said.append(words, on)
  root.append(field, said, keys)

  let sent = model.text
  let timer = null
  const send = () => {
    clearTimeout(timer)
    const text = input.value.trim().replace(/\s+/g, " ")
    if (text === sent) { return }
    sent = text
    model.send_msg({filter: text})
  }
  const show = () => {
    clear.hidden = input.value === ""
    slash.hidden = input.value !== ""
    const {stands, searched, of} = model.search
    const looked = searched === undefined ? "" : `${number.format(searched)} of ${number.format(of)} tasks`
    const told = model.trouble || (looked && {
      going: `Searching, ${looked} so far …`,
      paused: `Searched the newest ${looked}.`,
      done: stands === "done" && searched > 0 ? `Searched ${looked}.` : "",
    }[stands])
    setText(words, told || "")
    said.className = `said ${model.trouble ? "wrong" : ""}`
    on.hidden = Boolean(model.trouble) || stands !== "paused"
  }
  // What is typed counts until it is sent; then what the session says.
  const take = () => {
    if (model.text !== sent || root.getRootNode().activeElement !== input) { input.value = model.text }
    sent = model.text
    show()
  }
  input.addEventListener("input", () => {
    clearTimeout(timer)
    offer()
    if (!offers.some((one) => one.begun)) { timer = setTimeout(send, TYPED) }
    show()
  })
  for (const event of ["focus", "click", "keyup"]) { input.addEventListener(event, offer) }
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault()
      choose(event.key === "ArrowDown" ? chosen + 1 : chosen - 1)
    }
    if (event.key === "Enter") {
      if (chosen < 0) { send() } else { accept(offers[chosen]) }
    }
    if (event.key === "Escape" && chosen >= 0) {
      event.preventDefault()
      choose(-1)
    } else if (event.key === "Escape") {
      event.preventDefault()
      if (input.value) { input.value = ""; send(); show() } else { input.blur() }
    }
  })
  clear.addEventListener("click", () => { input.value = ""; send(); input.focus(); show() })
  on.addEventListener("click", () => model.send_msg({go: "on"}))
  const focus = (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || typing(event)) { return }
    event.preventDefault()
    input.focus()
    input.select()
  }
  document.addEventListener("keydown", focus)
  model.on("remove", () => { document.removeEventListener("keydown", focus); clearTimeout(timer) })
  model.on("text", take)
  model.on("trouble", show)
  model.on("search", show)
  model.on("known", () => { if (root.getRootNode().activeElement === input && chosen < 0) { offer() } })
  input.value = model.text
  show()
  return root
}
