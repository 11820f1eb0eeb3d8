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

export function render({model}) {
  const root = make("div", "gator-bar")
  const title = make("h1", "", model.title)
  const store = make("span", "store mono cut")
  const workers = make("span", "workers")
  const fresh = make("span", "fresh")
  fresh.setAttribute("role", "status")
  root.append(title, store, workers, fresh)

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
  const hear = () => { heard = Date.now(); show() }
  model.on("seen_at", hear)
  model.on("health", hear)
  model.on("workers", show)
  const clock = setInterval(() => {
    show()
    looks = fresh.classList.contains("away") ? looks + 1 : 0
    if (looks > 0 && looks % (2 * ASK_EVERY) === 0) { reloadIfServed() }
  }, 500)
  model.on("remove", () => clearInterval(clock))
  show()
  return root
}
