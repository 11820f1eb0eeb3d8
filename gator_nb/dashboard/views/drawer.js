const ACTIONS = {cancel: "Cancel", stop: "Force stop", retry: "Retry"}
const HINTS = {
  stop: "End its process now, without waiting for its code",
  retry: "Run the same call again, as a new task",
}

export function render({model}) {
  const root = make("aside", "gator-drawer")
  root.setAttribute("aria-label", "Task")
  const status = make("span", "status")
  const name = make("h2")
  const id = make("button", "id mono")
  id.type = "button"
  id.title = "Copy the whole id"
  const more = make("div", "remark")
  const actions = make("div", "actions")
  const close = make("button", "close", "✕")
  close.type = "button"
  close.setAttribute("aria-label", "Close")
  const line = make("div", "line")
  line.append(status, id, close)
  const head = make("header")
  head.append(line, name, more, actions)
  const body = make("div", "body")
  root.append(head, body)

  const sections = new Map()
  const section = (key, title) => {
    if (!sections.has(key)) {
      const node = make("section", `s-${key}`)
      const heading = make("h3", "", title)
      const content = make("div", "content")
      node.append(heading, content)
      body.append(node)
      sections.set(key, {node, content, heading, last: undefined})
    }
    return sections.get(key)
  }
  // Drawn again only where what it shows has changed: a selection in a text survives.
  const fill = (key, title, data, draw) => {
    const one = section(key, title)
    const text = JSON.stringify(data)
    const empty = data === null || data === "" || (Array.isArray(data) && data.length === 0)
    one.node.hidden = empty
    if (empty || one.last === text) { one.last = empty ? undefined : text; return }
    one.last = text
    one.content.replaceChildren(...[draw(data)].flat())
  }

  const pane = new LogPane(() => { pane.follows = false; model.send_msg({earlier: true}) })
  const order = [
    ["progress", "Progress"], ["error", "Error"], ["result", "Result"], ["metrics", "Metrics"], ["output", "Log"],
    ["outputs", "Outputs"], ["steps-of", "Timeline"], ["arguments", "Call"], ["tasks", "Other tasks"],
    ["source", "Source"], ["facts", "Details"], ["untold", "Not shown"],
  ]
  for (const [key, title] of order) { section(key, title) }
  section("output", "Log").content.append(pane.node)


  const pairs = (rows) => {
    const list = make("dl")
    for (const [term, value] of rows) { list.append(make("dt", "", term), make("dd", "", value)) }
    return list
  }
  const progressOf = ({progress, message, started}) => {
    const track = make("div", "track")
    const done = make("div", "fill")
    track.append(done)
    const figures = make("div", "figures")
    const unknown = !progress || progress.share === null
    track.classList.toggle("unknown", unknown)
    done.style.width = unknown ? "0" : `${progress.share * 100}%`
    figures.append(make("span", "", progress ? (unknown ? progress.text : `${Math.floor(progress.share * 100)} %  ·  ${progress.text}`) : "runs"))
    const spent = time.now() - started
    const left = unknown || progress.share <= 0 ? null : spent / progress.share - spent
    figures.append(make("span", "eta", left === null ? `${duration(Math.max(1, spent))} so far` : `${duration(spent)} so far, about ${roughly(left) === "now" ? "1 s" : roughly(left)} left`))
    return message ? [track, figures, make("div", "message", message)] : [track, figures]
  }
  const errorOf = ({error, traceback}) => {
    const nodes = [make("div", "line-of", error)]
    if (traceback) {
      const text = make("pre", "trace")
      for (const one of traceback.replace(/\n+$/, "").split("\n")) {
        const kind = /^\s*File "/.test(one) ? "t-where" : /^\s+[\^~]+\s*$/.test(one) ? "t-under" : /^\S/.test(one) ? "t-said" : "t-code"
        text.append(make("span", kind, one), "\n")
      }
      text.tabIndex = 0
      nodes.push(text)
    }
    return nodes
  }
  const taskLink = ({role, id: other, name: named, kind, short}) => {
    const item = make("div", `other ${kind}`)
    item.append(make("span", "role", role))
    if (kind) { item.append(icon(kind)) }
    const label = make(other ? "a" : "span", "cut", named || short)
    if (other) {
      label.href = `?task=${encodeURIComponent(other)}`
      label.addEventListener("click", (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) { return }
        event.preventDefault()
        model.send_msg({open: other})
      })
    }
    item.append(label)
    if (named && short) { item.append(make("span", "mono id", short)) }
    return item
  }
  const shownOutput = ({kind, data}) => {
    if (kind === "text") { return make("pre", "", data) }
    const image = make("img")
    image.alt = "A picture that the task displayed"
    image.src = `data:${kind};base64,${data}`
    return image
  }
  const sourceOf = ({title, text, first}) => {
    const box = make("details")
    box.open = model.shown.source.length === 1 && text.length < 4000
    const code = make("pre", "listing")
    text.split("\n").forEach((one, place) => {
      const row = make("span", "row")
      row.append(make("span", "nr", String(first + place)), make("span", "", `${one}\n`))
      code.append(row)
    })
    code.tabIndex = 0
    box.append(make("summary", "", title), code)
    return box
  }

  const buttonFor = (verb, shown) => {
    const button = make("button", `act ${verb}`, ACTIONS[verb])
    button.type = "button"
    button.title = HINTS[verb] || ""
    button.dataset.id = shown.id
    button.addEventListener("click", () => {
      model.send_msg({[verb]: button.dataset.id})
      button.disabled = true
      setTimeout(() => { button.disabled = false }, 3000)
    })
    return button
  }

  let opener = null
  let drawn = ""
  const draw = () => {
    const open = model.task !== ""
    const was = root.classList.contains("open")
    root.classList.toggle("open", open)
    if (root.inert === open) { root.inert = !open }
    if (!open) {
      if (was && opener) { opener.focus({preventScroll: true}) }
      drawn = ""
      return
    }
    if (!was) { opener = document.activeElement }
    const shown = model.shown
    if (drawn !== model.task) { drawn = model.task; body.scrollTop = 0; pane.again() }
    const there = shown.state === "there"
    setText(id, shown.short || "")
    id.dataset.id = shown.id || ""
    head.className = shown.kind || ""
    status.replaceChildren(...(there ? [icon(shown.kind), make("span", "word", shown.word)] : []))
    setText(name, there ? shown.name : shown.state === "gone" ? "This task is not in the store" : "…")
    setText(more, there ? shown.more : shown.state === "gone" ? "It was removed, or never was: the id in the address may be wrong." : "")
    const verbs = there && !model.read_only ? shown.actions : []
    const wanted = `${shown.id} ${verbs}`
    if (actions.dataset.has !== wanted) {
      actions.dataset.has = wanted
      actions.replaceChildren(...verbs.map((verb) => buttonFor(verb, shown)))
    }
    body.hidden = !there
    if (!there) { return }
    fill("progress", "", shown.kind === "running" || shown.kind === "canceling" ? {progress: shown.progress, message: shown.message, started: shown.started, at: Math.floor(time.now())} : null, progressOf)
    fill("error", "", shown.error || shown.traceback ? {error: shown.error, traceback: shown.traceback} : null, errorOf)
    fill("result", "", shown.result, (text) => make("pre", "", text))
    fill("metrics", "", model.curves, (curves) => curves.map(curveOf))
    section("output").node.hidden = !model.log.text && !model.log.going
    section("output").node.classList.toggle("none", !model.log.text)
    pane.set(model.log)
    fill("outputs", "", model.outputs, (several) => several.map(shownOutput))
    fill("steps-of", "", {steps: shown.steps, day: new Date().toDateString()}, ({steps}) => stepsOf(steps, time.now()))
    fill("arguments", "", shown.arguments.length || shown.call ? {call: shown.call, rows: shown.arguments} : null, ({call, rows}) => [
      ...(call ? [make("div", "mono function", call)] : []), ...(rows.length ? [pairs(rows)] : []),
    ])
    fill("tasks", "", shown.tasks, (several) => several.map(taskLink))
    fill("source", "", shown.source, (several) => several.map(sourceOf))
    fill("facts", "", shown.facts, pairs)
    fill("untold", "", shown.untold, (several) => several.map((text) => make("p", "", text)))
  }

  close.addEventListener("click", () => model.send_msg({open: ""}))
  id.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(id.dataset.id) } catch { return }
    setText(id, "copied")
    setTimeout(() => setText(id, model.shown.short || ""), 1200)
  })
  const keys = (event) => {
    if (event.key === "Escape" && model.task !== "" && !event.defaultPrevented) { model.send_msg({open: ""}) }
  }
  document.addEventListener("keydown", keys)
  const soon = batched(draw)
  for (const name_ of ["task", "shown", "curves", "log", "outputs", "read_only"]) { model.on(name_, soon) }
  const still = time.each(() => { if (model.task !== "" && ["running", "canceling"].includes(model.shown.kind)) { soon() } })
  model.on("remove", () => { still(); document.removeEventListener("keydown", keys) })
  draw()
  return root
}
