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
  let offset = 0
  body.addEventListener("click", (event) => {
    const button = event.target.closest("tr")?.querySelector("button.name")
    if (button && !String(getSelection())) { model.send_msg({show: button.dataset.id}) }
  })

  const row = (data, now) => {
    const tr = make("tr", data.kind)
    const cell = (name, ...children) => { const td = make("td", `w-${name}`); td.append(...children); tr.append(td) }
    const status = make("span", "status")
    status.title = MEANS[data.kind] || ""
    status.append(icon(data.kind), make("span", "word", data.word))
    cell("status", status)
    const name = make("button", "name cut", data.name)
    name.type = "button"
    name.title = "What it runs"
    name.dataset.id = data.id
    cell("worker", name, make("div", "more cut", data.where))
    const serves = make("div", "cut", data.queues)
    serves.title = data.queues
    cell("serves", serves)
    cell("runs", data.slots)
    const has = make("div", "cut", data.has)
    has.title = data.has
    cell("has", has)
    cell("python", data.python)
    cell("up", roughly(now - data.started))
    cell("last-heard", ago(now - data.heard))
    return tr
  }
  const draw = () => {
    const now = Date.now() / 1000 + offset
    const at = root.getRootNode().activeElement?.dataset?.id
    body.replaceChildren(...model.rows.map((data) => row(data, now)))
    if (at) { [...body.querySelectorAll("button.name")].find((one) => one.dataset.id === at)?.focus({preventScroll: true}) }
    setText(total, number.format(model.rows.length))
    grid.hidden = model.rows.length === 0
    nothing.hidden = model.rows.length !== 0
  }
  const hear = () => { offset = model.now ? model.now - Date.now() / 1000 : 0; draw() }
  model.on("rows", draw)
  model.on("now", hear)
  hear()
  return root
}
