const SVG = "http://www.w3.org/2000/svg"
const OUTCOMES = ["success", "failed", "canceled"]
const BINS = 48

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) { node.setAttribute(name, value) }
  return node
}

function clock(at, span) {
  const moment = new Date(at * 1000)
  const time = moment.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", second: span < 900 ? "2-digit" : undefined, hour12: false})
  return span < 86400 ? time : `${moment.toLocaleDateString([], {month: "short", day: "numeric"})} ${time}`
}

// How many tasks ended, and how, in each part of a window of time.
class Outcomes {
  constructor(tip) {
    this.tip = tip
    this.node = make("div", "plot outcomes")
    this.svg = shape("svg", {role: "img"})
    this.node.append(this.svg)
  }

  draw(spans, from, to) {
    const wide = this.node.clientWidth
    const high = this.node.clientHeight
    if (!wide) { return }
    const bins = Array.from({length: BINS}, () => ({success: 0, failed: 0, canceled: 0}))
    const total = {success: 0, failed: 0, canceled: 0}
    for (const [, , kind, , , finished] of spans) {
      if (finished === null || finished < from || finished > to || !(kind in total)) { continue }
      bins[Math.min(BINS - 1, Math.floor((finished - from) / (to - from) * BINS))][kind] += 1
      total[kind] += 1
    }
    const most = Math.max(1, ...bins.map((bin) => OUTCOMES.reduce((sum, kind) => sum + bin[kind], 0)))
    this.svg.setAttribute("viewBox", `0 0 ${wide} ${high}`)
    this.svg.setAttribute("aria-label", OUTCOMES.map((kind) => `${total[kind]} ${kind}`).join(", "))
    const nodes = [shape("path", {class: "rule", d: `M0 ${high - .5}H${wide}`})]
    const step = wide / BINS
    bins.forEach((bin, place) => {
      let y = high - 1
      for (const kind of OUTCOMES) {
        if (!bin[kind]) { continue }
        const tall = Math.max(2, bin[kind] / most * (high - 4))
        y -= tall
        nodes.push(shape("rect", {class: kind, x: place * step + .75, y, width: Math.max(1, step - 1.5), height: tall, rx: 1}))
      }
      const area = shape("rect", {class: "area", x: place * step, y: 0, width: step, height: high})
      const told = OUTCOMES.filter((kind) => bin[kind]).map((kind) => `${bin[kind]} ${kind === "success" ? "finished" : kind}`)
      const start = from + place / BINS * (to - from)
      this.tip.on(area, () => [told.join(", ") || "none ended", `${clock(start, to - from)} to ${clock(start + (to - from) / BINS, to - from)}`])
      nodes.push(area)
    })
    this.svg.replaceChildren(...nodes)
    return {total, most}
  }
}
