const MEANS = {
  draining: "It takes nothing more, and ends once what it runs has ended",
  silent: "It has not been heard of for a while",
}

export function render({model}) {
  const root = make("section", "panel")
  const top = make("div", "top")
  const total = make("span", "total")
  top.append(make("h2", "", "Workers"), total)
  const grid = make("table")
  const head = make("tr")
  for (const name of ["Status", "Worker", "Serves", "Runs", "Has", "Python", "Up", "Last heard"]) {
    const th = make("th", `w-${name.toLowerCase().replace(" ", "-")}`, name)
    th.scope = "col"
    head.append(th)
  }
  const thead = make("thead")
  thead.append(head)
  const body = make("tbody")
  grid.append(thead, body)
  const nothing = make("p", "nothing", "No worker is alive.")
  root.append(top, grid, nothing)
  body.addEventListener("click", (event) => {
    const button = event.target.closest("tr")?.querySelector("button.name")
    if (button && !String(getSelection())) { model.send_msg({show: button.dataset.id}) }
  })

  // Made once, then only what has changed in it: between the press and the release of a click a row
  // that was made anew would be another one.
  const rows = new Map()
  const lineOf = (data) => {
    const tr = make("tr")
    const cells = {}
    const cell = (name, ...children) => {
      cells[name] = make("td", `w-${name}`)
      cells[name].append(...children)
      tr.append(cells[name])
    }
    const status = make("span", "status")
    const name = make("button", "name cut")
    name.type = "button"
    name.title = "What it runs"
    name.dataset.id = data.id
    const where = make("div", "more cut")
    cell("status", status)
    cell("worker", name, where)
    for (const short of ["serves", "runs", "has", "python"]) { cell(short, make("div", "cut")) }
    cell("up")
    cell("last-heard")
    return {tr, cells, status, name, where}
  }
  const show = (line, data) => {
    if (line.tr.className !== data.kind) {
      line.tr.className = data.kind
      line.status.replaceChildren(icon(data.kind), make("span", "word", data.word))
      line.status.title = MEANS[data.kind] || ""
    }
    setText(line.name, data.name)
    setText(line.where, data.where)
    const told = {serves: data.queues, runs: data.slots, has: data.has, python: data.python}
    for (const [name, text] of Object.entries(told)) {
      setText(line.cells[name].firstChild, text)
      setTitle(line.cells[name].firstChild, text)
    }
    line.times = [data.started, data.heard]
  }
  const tick = () => {
    const now = time.now()
    for (const {cells, times: [started, heard]} of rows.values()) {
      setText(cells.up, roughly(now - started))
      setText(cells["last-heard"], ago(now - heard))
    }
  }
  const draw = () => {
    const there = new Set(model.rows.map((data) => data.id))
    for (const [id, line] of rows) {
      if (!there.has(id)) { line.tr.remove(); rows.delete(id) }
    }
    model.rows.forEach((data, place) => {
      const line = rows.get(data.id) || lineOf(data)
      rows.set(data.id, line)
      show(line, data)
      if (body.children[place] !== line.tr) { body.insertBefore(line.tr, body.children[place] || null) }
    })
    tick()
    setText(total, number.format(model.rows.length))
    grid.hidden = model.rows.length === 0
    nothing.hidden = model.rows.length !== 0
  }
  model.on("rows", draw)
  model.on("remove", time.each(tick))
  draw()
  return root
}
