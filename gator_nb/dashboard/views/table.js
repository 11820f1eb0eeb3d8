export function render({model}) {
  const root = make("section", "panel")
  const heading = make("h2")
  const total = make("span", "total")
  const fresh = make("button", "fresh")
  fresh.type = "button"
  const all = make("button", "all", "Show all")
  all.type = "button"
  const forAll = make("div", "for-all")
  const top = make("div", "top")
  const exporter = new Exporter((message) => model.send_msg(message))
  top.append(heading, total, all, fresh, exporter.node, forAll)
  const bulk = new BulkBar((message) => model.send_msg(message))
  const picked = bulk.picked

  const pickAll = make("input")
  pickAll.type = "checkbox"
  pickAll.setAttribute("aria-label", "Select this page")
  const head = make("tr")
  for (const name of COLUMNS) {
    const th = make("th", `c-${name.toLowerCase() || "action"}`, name === "Pick" ? "" : name)
    th.scope = "col"
    if (name === "Pick") { th.append(pickAll) }
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
  root.append(top, bulk.node, grid, nothing, foot)

  const rows = new Map()
  let view = null
  let shiftedAt = 0

  let at = null
  let filter = ""

  const showPicked = () => {
    for (const row of rows.values()) {
      row.box.checked = picked.has(row.id)
      row.node.classList.toggle("picked", row.box.checked)
    }
    const here = [...rows.keys()].filter((id) => picked.has(id)).length
    pickAll.checked = here > 0 && here === rows.size
    pickAll.indeterminate = here > 0 && here < rows.size
    bulk.show(model.bulk.verb ? model.bulk : null, clearPicked)
  }
  const clearPicked = () => { picked.clear(); showPicked() }
  const pick = (id, on) => { if (on) { picked.add(id) } else { picked.delete(id) } showPicked() }

  const offerAll = () => {
    const verbs = model.read_only || model.bulk.verb ? "" : model.for_all.join()
    if (forAll.dataset.has === verbs) { return }
    forAll.dataset.has = verbs
    forAll.replaceChildren(...model.for_all.filter(() => verbs).map((verb) => {
      const button = make("button", "", `${DOING[verb]} all${filter.trim() ? " that match" : ""} …`)
      button.type = "button"
      button.addEventListener("click", () => model.send_msg({all: verb}))
      return button
    }))
  }

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
    if (here.slice(here.indexOf(" ")) !== filter) { filter = here.slice(here.indexOf(" ")); picked.clear() }
    view = here
    root.classList.toggle("read-only", model.read_only)
    offerAll()
    showPicked()
    setText(heading, model.heading)
    setText(total, model.pager.total === null ? "" : number.format(model.pager.total || 0))
    all.hidden = model.pager.all
    grid.hidden = rows.size === 0
    exporter.node.hidden = rows.size === 0
    nothing.hidden = rows.size !== 0
    setText(nothing, model.nothing)
    newer.disabled = model.pager.page === 1
    older.disabled = !model.pager.older
    foot.hidden = newer.disabled && older.disabled
    setText(place, `Page ${model.pager.page}`)
    mark()
    tick()
  }

  const tick = () => {
    const now = time.now()
    for (const row of rows.values()) { row.tick(now) }
  }

  const soon = batched(draw)

  const open = (event) => {
    const node = event.target.closest("tr")
    if (!node || event.metaKey || event.ctrlKey || event.shiftKey || String(getSelection())) { return }
    event.preventDefault()
    model.send_msg({open: node.dataset.id})
  }

  const mark = () => {
    for (const row of rows.values()) {
      row.node.classList.toggle("opened", row.id === model.opened)
      row.node.classList.toggle("at", row.id === at)
    }
  }

  body.addEventListener("click", (event) => {
    if (event.target.closest(".c-pick")) {
      const {id} = event.target.closest("tr").dataset
      if (event.target.matches("input")) { pick(id, event.target.checked) } else { pick(id, !picked.has(id)) }
      return
    }
    const button = event.target.closest("button.act")
    if (!button) { open(event); return }
    if (button.disabled) { return }
    const id = hold.meant(event, button, shiftedAt)
    if (id === null) { return }
    model.send_msg({[button.dataset.verb]: id})
    rows.get(id).asked()
  })
  pickAll.addEventListener("click", () => {
    const on = pickAll.checked
    for (const id of rows.keys()) { pick(id, on) }
  })

  const move = (by) => {
    const ids = [...body.children].map((node) => node.dataset.id)
    const place = ids.indexOf(at)
    at = ids[Math.max(0, Math.min(ids.length - 1, place < 0 ? 0 : place + by))] || null
    mark()
    if (at) { rows.get(at).node.scrollIntoView({block: "nearest"}) }
    if (at && model.opened) { model.send_msg({open: at}) }
  }
  // A key acts on the row that is marked: it holds an id, so nothing that comes in moves it.
  const act = (verb) => {
    const row = rows.get(at)
    if (row && row.data.action === verb && !model.read_only) { model.send_msg({[verb]: at}); row.asked() }
  }
  const KEYS_OF = {
    j: () => move(1), k: () => move(-1), Enter: () => at && model.send_msg({open: at}),
    x: () => at && !model.read_only && pick(at, !picked.has(at)), c: () => act("cancel"), r: () => act("retry"),
  }
  const keys = (event) => {
    const onControl = event.composedPath()[0].matches?.("a, button")
    const plain = !(event.ctrlKey || event.metaKey || event.altKey) && !typing(event)
    if (!plain || !KEYS_OF[event.key] || root.offsetParent === null || (event.key === "Enter" && onControl)) { return }
    event.preventDefault()
    KEYS_OF[event.key]()
  }
  document.addEventListener("keydown", keys)
  fresh.addEventListener("click", () => { hold.until = 0; hold.check(); place_rows(); draw() })
  all.addEventListener("click", () => model.send_msg({go: "all"}))
  newer.addEventListener("click", () => model.send_msg({go: "newer"}))
  older.addEventListener("click", () => model.send_msg({go: "older"}))

  model.on("opened", mark)
  model.on("piece", () => exporter.take(model.piece))
  for (const name of ["rows", "left", "view", "heading", "pager", "nothing", "bulk", "for_all", "read_only"]) {
    model.on(name, soon)
  }
  const still = time.each(tick)
  model.on("remove", () => { still(); hold.stop(); document.removeEventListener("keydown", keys) })
  draw()
  return root
}
