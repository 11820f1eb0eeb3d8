export function render({model}) {
  const root = make("section", "panel")
  const heading = make("h2")
  const total = make("span", "total")
  const fresh = make("button", "fresh")
  fresh.type = "button"
  const all = make("button", "all", "Show all")
  all.type = "button"
  const top = make("div", "top")
  top.append(heading, total, all, fresh)

  const head = make("tr")
  for (const name of COLUMNS) {
    const th = make("th", `c-${name.toLowerCase() || "action"}`, name)
    th.scope = "col"
    head.append(th)
  }
  const thead = make("thead")
  thead.append(head)
  const body = make("tbody")
  const grid = make("table")
  grid.append(thead, body)
  const nothing = make("p", "nothing")

  const older = make("button", "page", "Older ›")
  const newer = make("button", "page", "‹ Newer")
  const place = make("span", "place")
  const foot = make("div", "foot")
  foot.append(newer, place, older)
  root.append(top, grid, nothing, foot)

  const rows = new Map()
  let view = null
  let shiftedAt = 0
  let offset = 0

  const hold = new Hold(body, (active) => {
    model.send_msg({keep: active ? [...rows.keys()] : []})
    if (!active) { draw() }
  })

  const rowOf = (data) => {
    const row = rows.get(data.id) || new Row(data.id)
    rows.set(data.id, row)
    row.set(data)
    return row
  }

  const place_rows = () => {
    const wanted = model.rows.map(rowOf)
    const ids = new Set(model.rows.map((data) => data.id))
    for (const [id, row] of rows) {
      if (!ids.has(id)) { row.node.remove(); rows.delete(id); shiftedAt = Date.now() }
    }
    let next = body.firstChild
    for (const row of wanted) {
      if (row.node === next) { next = next.nextSibling; continue }
      body.insertBefore(row.node, next)
      shiftedAt = Date.now()
    }
    setText(fresh, "")
  }

  const update_in_place = () => {
    let unseen = 0
    for (const data of [...model.left, ...model.rows]) {
      if (rows.has(data.id)) { rows.get(data.id).set(data) } else { unseen += 1 }
    }
    const more = unseen === model.rows.length ? "+" : ""
    setText(fresh, unseen ? `↑ ${unseen}${more} new` : "")
  }

  const draw = () => {
    const here = model.view
    if (hold.active && here === view) { update_in_place() } else { place_rows() }
    view = here
    setText(heading, model.heading)
    setText(total, number.format(model.pager.total || 0))
    all.hidden = model.view.startsWith("all ")
    grid.hidden = rows.size === 0
    nothing.hidden = rows.size !== 0
    setText(nothing, model.nothing)
    newer.disabled = model.pager.page === 1
    older.disabled = !model.pager.older
    foot.hidden = newer.disabled && older.disabled
    setText(place, `Page ${model.pager.page}`)
    tick()
  }

  const tick = () => {
    const now = Date.now() / 1000 + offset
    for (const row of rows.values()) { row.tick(now) }
  }

  const soon = (() => {
    let asked = false
    return () => {
      if (asked) { return }
      asked = true
      queueMicrotask(() => { asked = false; draw() })
    }
  })()

  body.addEventListener("click", (event) => {
    const button = event.target.closest("button.act")
    if (!button || button.disabled) { return }
    const id = hold.meant(event, button, shiftedAt)
    if (id === null) { return }
    model.send_msg({cancel: id})
    rows.get(id).asked()
  })
  fresh.addEventListener("click", () => { hold.until = 0; hold.check(); place_rows(); draw() })
  all.addEventListener("click", () => model.send_msg({go: "all"}))
  newer.addEventListener("click", () => model.send_msg({go: "newer"}))
  older.addEventListener("click", () => model.send_msg({go: "older"}))

  for (const name of ["rows", "left", "view", "heading", "pager", "nothing"]) { model.on(name, soon) }
  model.on("now", () => { offset = model.now - Date.now() / 1000 })
  offset = model.now ? model.now - Date.now() / 1000 : 0
  const clock = setInterval(tick, 500)
  model.on("remove", () => { clearInterval(clock); hold.stop() })
  draw()
  return root
}
