const COLUMNS = ["Pick", "Status", "Task", "ID", "Queue", "Progress", "Time", "Worker", ""]

// One row: made once, then only what has changed in it is set again.
class Row {
  constructor(id) {
    this.id = id
    this.node = make("tr")
    this.node.dataset.id = id
    const cell = (name, ...children) => {
      const td = make("td", name)
      td.append(...children)
      this.node.append(td)
      return td
    }
    this.box = make("input")
    this.box.type = "checkbox"
    this.box.tabIndex = -1
    this.pick = cell("c-pick", this.box)
    this.word = make("span", "word")
    this.sign = make("span", "sign")
    this.status = make("span", "status")
    this.status.append(this.sign, this.word)
    cell("c-status", this.status)
    this.name = make("a", "name cut")
    this.name.href = `?task=${encodeURIComponent(id)}`
    this.more = make("div", "more cut")
    cell("c-task", this.name, this.more)
    this.short = make("span", "mono id")
    cell("c-id", this.short)
    this.queue = make("div", "cut")
    cell("c-queue", this.queue)
    this.track = make("div", "track")
    this.fill = make("div", "fill")
    this.track.append(this.fill)
    this.figures = make("span", "figures")
    this.progress = cell("c-progress", this.track, this.figures)
    this.time = make("div", "time")
    this.since = make("div", "since")
    cell("c-time", this.time, this.since)
    this.worker = make("div", "cut")
    cell("c-worker", this.worker)
    this.action = cell("c-action")
  }

  set(data) {
    const before = this.data
    this.data = data
    if (!before || before.kind !== data.kind) {
      if (before) { this.node.classList.remove(before.kind) }
      this.node.classList.add(data.kind)
      this.sign.replaceChildren(icon(data.kind))
      setText(this.word, data.word)
    }
    setText(this.name, data.name)
    setTitle(this.name, data.name)
    this.box.setAttribute("aria-label", `Select ${data.name}`)
    setText(this.more, data.more)
    setTitle(this.more, data.more)
    setText(this.short, data.short)
    setTitle(this.short, data.id)
    setText(this.queue, data.queue)
    setTitle(this.queue, data.queue)
    setText(this.worker, data.worker)
    setTitle(this.worker, data.worker)
    this.setProgress(data)
    if (!before || before.action !== data.action) { this.setAction(data.action) }
  }

  setProgress({progress, kind}) {
    const going = kind === "running" || kind === "canceling"
    const unknown = progress ? progress.share === null : true
    this.progress.classList.toggle("none", !progress && !going)
    this.track.classList.toggle("unknown", going && unknown)
    this.fill.style.width = progress && progress.share !== null ? `${progress.share * 100}%` : "0"
    setText(this.figures, progress ? progress.text : "")
  }

  setAction(action) {
    if (action === "") { this.action.replaceChildren(); return }
    const word = {cancel: "Cancel", retry: "Retry", canceling: "Canceling…"}[action]
    const button = make("button", `act ${action}`, word)
    button.type = "button"
    button.dataset.id = this.id
    button.dataset.verb = action
    button.disabled = action === "canceling"
    if (!button.disabled) { button.setAttribute("aria-label", `${word} ${this.data.name}`) }
    this.action.replaceChildren(button)
  }

  asked() {
    const button = this.action.querySelector("button")
    if (!button) { return }
    button.disabled = true
    button.textContent = "Asking…"
    // The store answers through the row; when it does not, the button comes back.
    setTimeout(() => { if (button.isConnected && this.data.action) { this.setAction(this.data.action) } }, 4000)
  }

  tick(now) {
    const {created, started, finished, due} = this.data
    if (finished) {
      setText(this.time, started ? duration(finished - started) : "not started")
      setText(this.since, ago(now - finished))
    } else if (started && this.data.worker !== "" && (this.data.kind === "running" || this.data.kind === "canceling")) {
      setText(this.time, duration(Math.max(1, now - started)).replace(/\.\d s$/, " s"))
      setText(this.since, "")
    } else if (due) {
      setText(this.time, due > now ? `in ${roughly(due - now)}` : "due now")
      setText(this.since, `pushed ${ago(now - created)}`)
    } else {
      setText(this.time, `${roughly(now - created) === "now" ? "0 s" : roughly(now - created)}`)
      setText(this.since, "waiting")
    }
    const moment = finished || started || created
    if (this.moment !== moment) {
      this.moment = moment
      this.time.parentNode.title = new Date(1000 * moment).toLocaleString()
    }
  }
}
