const TYPED = 300
const KEYS = ["status:", "queue:", "name:", "tag:", "worker:", "id:", "error:"]

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
  for (const key of KEYS) {
    const button = make("button", "mono", key)
    button.type = "button"
    button.tabIndex = -1
    button.addEventListener("pointerdown", (event) => {
      event.preventDefault()
      input.value = `${input.value.trimEnd()} ${key}`.trimStart()
      input.focus()
    })
    keys.append(button)
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
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(send, TYPED); show() })
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { send() }
    if (event.key === "Escape") {
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
  input.value = model.text
  show()
  return root
}
