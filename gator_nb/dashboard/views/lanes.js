const LANE = 15
const MOST_ROWS = 60
// Seconds: what a worker claims at once it begins within this, or gives back.
const TOGETHER = 0.1

// Rows for tasks that ran at once: each takes the first row that is free by then. Those that were
// claimed at once began one after the other: in its row, each when the one before it ended.
function rowsOf(spans, now) {
  const rows = []
  const placed = spans.map((span) => {
    const [, , , , started, finished] = span
    const last = finished ?? Infinity
    let row = rows.findIndex((free) => free <= started || (free <= started + TOGETHER && free <= last))
    if (row < 0) { row = rows.length; rows.push(0) }
    const begin = Math.max(started, rows[row])
    rows[row] = last
    return {span, row, begin, end: finished ?? now}
  })
  return {placed, count: rows.length}
}

// What each worker was busy with.
class Lanes {
  constructor(tip, open) {
    this.tip = tip
    this.open = open
    this.node = make("div", "lanes")
  }

  draw(spans, from, to, words) {
    const lanes = new Map()
    for (const span of spans) {
      const [, , , lane, started, finished] = span
      if (started === null || (finished !== null && finished < from) || started > to) { continue }
      if (!lanes.has(lane)) { lanes.set(lane, []) }
      lanes.get(lane).push(span)
    }
    const names = [...lanes.keys()].sort()
    let left = MOST_ROWS
    const drawn = []
    for (const name of names) {
      const {placed, count} = rowsOf(lanes.get(name).sort((a, b) => a[4] - b[4] || (a[5] ?? Infinity) - (b[5] ?? Infinity)), to)
      if (count > left && drawn.length) { break }
      left -= count
      drawn.push(this.lane(name, placed, count, from, to, words))
    }
    if (drawn.length < names.length) {
      const more = names.length - drawn.length
      drawn.push(make("div", "more-lanes", `and ${number.format(more)} more worker${more === 1 ? "" : "s"}`))
    }
    this.node.replaceChildren(...(drawn.length ? drawn : [make("div", "none", "Nothing ran in this time.")]))
  }

  lane(name, placed, count, from, to, words) {
    const box = make("div", "lane")
    const label = make("div", "lane-name cut", name || "no worker")
    label.title = name
    const area = make("div", "lane-area")
    const step = Math.min(LANE, Math.max(3, 120 / count))
    area.style.height = `${count * step + 2}px`
    area.setAttribute("aria-hidden", "true") // the table has all of it in words
    const share = (at) => (Math.min(to, Math.max(from, at)) - from) / (to - from) * 100
    for (const {span, row, begin, end} of placed) {
      const [id, task, kind, , started, finished] = span
      const bar = make("div", `span ${kind}`)
      bar.dataset.id = id
      bar.style.cssText = `left:${share(begin)}%;width:max(3px, ${share(end) - share(begin)}% - 1px);top:${row * step + 1}px;height:${Math.max(2, step - 2)}px`
      this.tip.on(bar, () => [task, `${words[kind]}, ${finished === null ? "for " : "took "}${duration(end - started)}`])
      bar.addEventListener("click", () => this.open(bar.dataset.id))
      area.append(bar)
    }
    box.append(label, area)
    return box
  }
}
