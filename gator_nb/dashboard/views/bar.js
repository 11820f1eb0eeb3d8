const AWAY_AFTER = 5
const ASK_EVERY = 6

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

const STORED = "gator_nb theme"
const darkSystem = matchMedia("(prefers-color-scheme: dark)")

function wishedDark() {
  try {
    const kept = localStorage.getItem(STORED)
    return kept ? kept === "dark" : darkSystem.matches
  } catch {
    return darkSystem.matches // a browser that keeps nothing
  }
}

function keepWish(dark) {
  try {
    if (dark === darkSystem.matches) { localStorage.removeItem(STORED) } else { localStorage.setItem(STORED, dark ? "dark" : "light") }
  } catch {
    // a browser that keeps nothing
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
  const share = make("button", "share", "Share")
  share.type = "button"
  share.setAttribute("aria-expanded", "false")
  const sheet = make("div", "sheet")
  sheet.hidden = true
  const command = make("div", "command")
  command.append(make("pre", "", model.share), copyButton(model.share))
  sheet.append(
    make("div", "sheet-title", "Show it to others"), command,
    make("div", "sheet-more", "It shows this store and lets nobody change it. It prints an address and a token for them."),
  )
  const toggle = (open) => { sheet.hidden = !open; share.setAttribute("aria-expanded", String(open)) }
  share.addEventListener("click", () => toggle(sheet.hidden))
  const away = (event) => { if (!event.composedPath().includes(sheet) && !event.composedPath().includes(share)) { toggle(false) } }
  const escape = (event) => { if (event.key === "Escape" && !sheet.hidden) { event.preventDefault(); toggle(false); share.focus() } }
  document.addEventListener("pointerdown", away)
  document.addEventListener("keydown", escape, true)
  root.append(title, badge, store, workers, fresh, share, sheet)

  let heard = Date.now()
  let looks = 0
  const show = () => {
    const age = (Date.now() - heard) / 1000
    const state = model.health === "lost" ? "lost" : age > AWAY_AFTER ? "away" : model.health
    const words = {
      opening: "opening the store …",
      lost: "store unreachable",
      away: `no word from the dashboard for ${roughly(age)}`,
      live: `updated ${ago(age)}`,
    }
    setText(fresh, words[state])
    fresh.className = `fresh ${state}`
    setText(store, model.store)
    setTitle(store, model.store)
    setText(workers, `${model.workers} worker${model.workers === 1 ? "" : "s"} alive`)
    workers.hidden = state === "opening" || state === "lost"
    workers.classList.toggle("none", model.workers === 0)
    document.documentElement.classList.toggle("gator-away", state === "lost" || state === "away")
  }
  const follow = () => { model.dark = wishedDark() }
  model.on("dark", () => keepWish(model.dark))
  darkSystem.addEventListener("change", follow)

  const hear = () => { heard = Date.now(); show() }
  model.on("seen_at", hear)
  model.on("health", hear)
  model.on("workers", show)
  let ticks = 0
  const clock = setInterval(() => {
    ticks += 1
    // Before the page stands, it would take its own scheme for the newer one.
    if (ticks === 2 && model.dark !== wishedDark()) { follow() }
    show()
    looks = fresh.classList.contains("away") ? looks + 1 : 0
    if (looks > 0 && looks % (2 * ASK_EVERY) === 0) { reloadIfServed() }
  }, 500)
  model.on("remove", () => {
    document.removeEventListener("pointerdown", away)
    document.removeEventListener("keydown", escape, true)
    clearInterval(clock)
    darkSystem.removeEventListener("change", follow)
  })
  show()
  return root
}
