const WINDOWS = [[60, "1 min"], [300, "5 min"], [3600, "1 h"], [21600, "6 h"], [86400, "1 d"], [604800, "7 d"], [null, "all"]]

// A note at the pointer; only ever text.
class Tip {
  constructor() {
    this.node = make("div", "tip")
    this.node.hidden = true
    this.title = make("div", "tip-title")
    this.more = make("div", "tip-more")
    this.node.append(this.title, this.more)
  }

  on(node, told) {
    node.addEventListener("pointermove", (event) => {
      const [title, more] = told()
      setText(this.title, title)
      setText(this.more, more)
      this.node.hidden = false
      const {width, height} = this.node.getBoundingClientRect()
      this.node.style.left = `${Math.max(8, Math.min(innerWidth - width - 8, event.clientX + 14))}px`
      this.node.style.top = `${event.clientY + 18 + height > innerHeight ? event.clientY - height - 10 : event.clientY + 18}px`
    })
    node.addEventListener("pointerleave", () => { this.node.hidden = true })
  }
}

export function render({model}) {
  const root = make("div", "gator-charts")
  const tip = new Tip()
  const outcomes = new Outcomes(tip)
  const lanes = new Lanes(tip, (id) => model.send_msg({open: id}))
  const card = (title, extra, content) => {
    const box = make("section", "card")
    const head = make("div", "card-head")
    head.append(make("h2", "", title), extra)
    box.append(head, content)
    return box
  }
  const legend = make("div", "legend")
  const choice = make("div", "choice")
  choice.setAttribute("role", "group")
  choice.setAttribute("aria-label", "Window of time")
  const axis = make("div", "axis")
  const [first, note, last] = [make("span"), make("span", "note"), make("span")]
  axis.append(first, note, last)
  const left = make("div", "left")
  left.append(outcomes.node, axis)
  const right = make("div", "right")
  const below = axis.cloneNode(true)
  right.append(lanes.node, below)
  root.append(card("Outcomes", legend, left), card("What workers did", choice, right), tip.node)

  let chosen
  let spans = []
  let began = Infinity
  let drawn = 0

  // Unless one was chosen: the least that shows half of the tasks, or what runs since long.
  const windowOf = () => {
    if (chosen !== undefined) { return chosen }
    const ages = spans.map((span) => time.now() - (span[5] ?? span[4] ?? time.now())).sort((a, b) => a - b)
    const half = ages[Math.floor(ages.length / 2)] || 0
    const fitting = WINDOWS.find(([size]) => size === null || size >= half)
    return fitting[0]
  }
  const draw = () => {
    if (root.offsetParent === null) { return }
    const size = windowOf()
    const to = time.now()
    drawn = Date.now()
    const from = size === null ? Math.min(began, to - 60) : to - size
    const {total} = outcomes.draw(spans, from, to) || {total: {}}
    lanes.draw(spans, from, to, model.words)
    legend.replaceChildren(...["success", "failed", "canceled"].map((kind) => {
      const part = make("span", kind)
      part.append(make("i", "dot"), `${number.format(total[kind] || 0)} ${model.words[kind].toLowerCase()}`)
      return part
    }))
    for (const button of choice.children) { button.setAttribute("aria-pressed", String(button.dataset.size === String(size))) }
    for (const one of [axis, below]) {
      setText(one.children[0], clock(from, to - from))
      setText(one.children[1], spans.length >= model.most ? `the newest ${number.format(model.most)} that started` : "")
      setText(one.children[2], "now")
    }
  }
  // What is under the pointer stays: a click means what was there.
  const drawUnlessRead = () => { if (tip.node.hidden) { draw() } }
  for (const [size, word] of WINDOWS) {
    const button = make("button", "", word)
    button.type = "button"
    button.dataset.size = String(size)
    button.addEventListener("click", () => { chosen = size; draw() })
    choice.append(button)
  }
  const take = () => {
    spans = JSON.parse(model.spans)
    began = spans.reduce((least, span) => Math.min(least, span[4] ?? span[5] ?? least), Infinity)
    drawUnlessRead()
  }
  model.on("spans", take)
  // A window of days moves by a pixel in minutes.
  const still = time.each(() => {
    if (Date.now() - drawn > 1000 * Math.min(60, (windowOf() ?? Infinity) / 600)) { drawUnlessRead() }
  })
  const size = new ResizeObserver(draw)
  size.observe(root)
  model.on("remove", () => { still(); size.disconnect() })
  take()
  return root
}
