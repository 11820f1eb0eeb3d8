const AWAY_AFTER = 5
const ASK_EVERY = 6
// What moves for the eye alone costs a browser without a graphics card 4 % of a core: it stands still
// while nobody does anything.
const STILL_AFTER = 15_000
const ACTS = ["pointermove", "pointerdown", "keydown", "wheel", "focusin"]

// A server that answers, and has not found its way back to this page by itself, is another one
// than before, or has forgotten the session: begin anew.
async function reloadIfServed() {
  try {
    const answer = await fetch("static/js/bokeh.min.js", {method: "HEAD", cache: "no-store"})
    if (answer.ok) { location.reload() }
  } catch {
    // still away
  }
}

export function render({model}) {
  const root = make("div", "gator-bar")
  const title = make("h1", "", model.title)
  const store = make("span", "store mono cut")
  const workers = make("span", "workers")
  const fresh = make("span", "fresh")
  fresh.setAttribute("role", "status")
  const badge = make("span", "badge", "read-only")
  badge.hidden = !model.read_only
  const sheets = []
  // A button that opens a sheet under the bar, one at a time.
  const sheetOf = (word, ...content) => {
    const button = make("button", "opens", word)
    button.type = "button"
    button.setAttribute("aria-expanded", "false")
    const sheet = make("div", "sheet")
    sheet.hidden = true
    sheet.append(...content)
    const toggle = (open) => { sheet.hidden = !open; button.setAttribute("aria-expanded", String(open)) }
    button.addEventListener("click", () => toggle(sheet.hidden))
    const one = {button, sheet, toggle}
    sheets.push(one)
    return one
  }
  const command = make("div", "command")
  command.append(make("pre", "", model.share), copyButton(model.share))
  const share = sheetOf("Share", make("div", "sheet-title", "Show it to others"), command,
    make("div", "sheet-more", "It shows this store and lets nobody change it. It prints an address and a token for them."))
  share.button.classList.add("share")
  const list = make("div", "queues")
  const queues = sheetOf("Queues", make("div", "sheet-title", "Queues"), list,
    make("div", "sheet-more", "Nothing of a paused queue starts; what runs goes on."))
  const drawQueues = () => {
    const paused = model.queues.filter((one) => one.paused).length
    setText(queues.button, paused ? `${number.format(paused)} paused` : "Queues")
    queues.button.classList.toggle("warns", paused > 0)
    const rows = model.queues.map(({id, name, queued, paused: stopped}) => {
      const row = make("div", "queue")
      row.append(make("span", "cut", name), make("span", "count", `${number.format(queued)} queued`))
      if (!model.read_only) {
        const button = make("button", "act", stopped ? "Resume" : "Pause")
        button.type = "button"
        button.setAttribute("aria-label", `${button.textContent} ${name}`)
        button.addEventListener("click", () => { button.disabled = true; model.send_msg({[stopped ? "resume" : "pause"]: id}) })
        row.append(button)
      } else if (stopped) { row.append(make("span", "count", "paused")) }
      row.classList.toggle("stopped", stopped)
      return row
    })
    if (model.more_queues) { rows.push(make("div", "sheet-more", `and ${number.format(model.more_queues)} more`)) }
    list.replaceChildren(...(rows.length ? rows : [make("div", "sheet-more", "There is none yet.")]))
  }
  const follow = () => { model.dark = wishedDark() }
  const themes = new ThemeChoice(wishedTheme, (name) => { keepTheme(name); follow() })
  const help = sheetOf("?", make("div", "sheet-title wide", "Keys"), keyList(), make("div", "sheet-title", "Theme"), themes.node)
  help.button.setAttribute("aria-label", "Keys and theme")
  help.button.classList.add("help")
  const pressed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) { return }
    if (event.key === "?") {
      event.preventDefault()
      for (const one of sheets) { one.toggle(one === help && help.sheet.hidden) }
    }
    if (event.key === "t") { event.preventDefault(); model.dark = !model.dark }
  }
  document.addEventListener("keydown", pressed)
  const away = (event) => {
    for (const {button, sheet, toggle} of sheets) {
      if (!event.composedPath().includes(sheet) && !event.composedPath().includes(button)) { toggle(false) }
    }
  }
  const escape = (event) => {
    const open = sheets.find(({sheet}) => !sheet.hidden)
    if (event.key === "Escape" && open) { event.preventDefault(); open.toggle(false); open.button.focus() }
  }
  document.addEventListener("pointerdown", away)
  document.addEventListener("keydown", escape, true)
  root.append(title, badge, store, workers, fresh, queues.button, share.button, help.button, queues.sheet, share.sheet, help.sheet)
  drawQueues()

  let heard = Date.now()
  let looks = 0
  const show = () => {
    const age = (Date.now() - heard) / 1000
    const state = model.health === "lost" ? "lost" : age > AWAY_AFTER ? "away" : model.health
    const words = {
      opening: "opening the store …",
      lost: "store unreachable",
      away: `no word from the dashboard for ${roughly(age)}`,
      live: `updated ${age < 2 ? "just now" : ago(age)}`,
    }
    setText(fresh, words[state])
    setClass(fresh, `fresh ${state}`)
    setText(store, model.store)
    setTitle(store, model.store)
    const silent = model.silent ? `, ${model.silent} silent` : ""
    setText(workers, `${model.workers} worker${model.workers === 1 ? "" : "s"} alive${silent}`)
    workers.classList.toggle("quiet", model.silent > 0)
    workers.hidden = state !== "live"
    workers.classList.toggle("none", model.workers === 0)
    document.documentElement.classList.toggle("gator-away", state === "lost" || state === "away")
  }
  // The page's own button was pressed, or the key: from now on that is what is wished for.
  model.on("dark", () => {
    if (model.dark !== wishedDark()) { keepTheme(model.dark ? "dark" : "light") }
    themes.show(wishedTheme())
    rememberDark(model.dark_cookie, model.dark)
  })
  darkSystem.addEventListener("change", follow)

  let acted = Date.now()
  const act = () => { acted = Date.now() }
  for (const event of ACTS) { document.addEventListener(event, act, {capture: true, passive: true}) }

  const hear = () => { heard = Date.now(); time.hear(model.seen_at); show() }
  model.on("seen_at", hear)
  model.on("health", hear)
  model.on("workers", show)
  model.on("silent", show)
  const queuesSoon = batched(drawQueues)
  model.on("queues", queuesSoon)
  model.on("more_queues", queuesSoon)
  let ticks = 0
  const still = time.each(() => {
    ticks += 1
    // Before the page stands, it would take its own scheme for the newer one.
    if (ticks === 2 && model.dark !== wishedDark()) { follow() }
    show()
    document.documentElement.classList.toggle("gator-still", Date.now() - acted > STILL_AFTER)
    looks = fresh.classList.contains("away") ? looks + 1 : 0
    if (looks > 0 && looks % ASK_EVERY === 0) { reloadIfServed() }
  })
  model.on("remove", () => {
    document.removeEventListener("pointerdown", away)
    document.removeEventListener("keydown", pressed)
    document.removeEventListener("keydown", escape, true)
    for (const event of ACTS) { document.removeEventListener(event, act, {capture: true}) }
    still()
    darkSystem.removeEventListener("change", follow)
  })
  time.hear(model.seen_at)
  show()
  return root
}
