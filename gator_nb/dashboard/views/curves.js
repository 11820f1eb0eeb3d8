const SVG = "http://www.w3.org/2000/svg"
const WIDE = 300
const HIGH = 84

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) { node.setAttribute(name, value) }
  return node
}

function figure(value) {
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e9) { return number.format(value) }
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) { return value.toExponential(2) }
  return String(Number(value.toPrecision(4)))
}

// One metric: its newest value, its curve, and the value under the pointer.
function curveOf({name, points, odd}) {
  const box = make("div", "curve")
  const head = make("div", "head")
  const label = make("span", "label cut", name)
  label.title = name
  const readout = make("span", "readout")
  head.append(label, readout)
  const plot = make("div", "plot")
  box.append(head, plot)
  if (odd) { box.append(make("div", "odd", `${number.format(odd)} value${odd === 1 ? " is" : "s are"} not a finite number`)) }
  const last = points[points.length - 1]
  if (!last) { setText(readout, "–"); return box }
  const [xs, ys] = [points.map((point) => point[0]), points.map((point) => point[1])]
  const [left, right] = [Math.min(...xs), Math.max(...xs)]
  const [low, high] = [Math.min(...ys), Math.max(...ys)]
  const x = (value) => right > left ? (value - left) / (right - left) * WIDE : WIDE / 2
  const y = (value) => high > low ? 4 + (1 - (value - low) / (high - low)) * (HIGH - 8) : HIGH / 2
  const svg = shape("svg", {viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img"})
  svg.setAttribute("aria-label", `${name}, ${points.length} values, from ${figure(ys[0])} to ${figure(last[1])}`)
  for (const at of [4, HIGH / 2, HIGH - 4]) { svg.append(shape("path", {class: "rule", d: `M0 ${at}H${WIDE}`})) }
  const line = points.map((point) => `${x(point[0]).toFixed(1)} ${y(point[1]).toFixed(1)}`).join("L")
  svg.append(shape("path", {class: "area", d: `M${x(xs[0])} ${HIGH}L${line}L${x(last[0])} ${HIGH}Z`}))
  svg.append(shape("path", {class: "line", d: points.length > 1 ? `M${line}` : `M${WIDE / 2 - 2} ${HIGH / 2}h4`}))
  const mark = make("div", "mark")
  const scale = make("div", "scale")
  scale.append(make("span", "", figure(high)), make("span", "", high > low ? figure(low) : ""))
  plot.append(svg, mark, scale)

  const put = (point) => {
    mark.style.left = `${x(point[0]) / WIDE * 100}%`
    mark.style.top = `${y(point[1]) / HIGH * 100}%`
  }
  const rest = () => { setText(readout, figure(last[1])); put(last); plot.classList.remove("read") }
  plot.addEventListener("pointermove", (event) => {
    const area = svg.getBoundingClientRect()
    const wanted = left + (event.clientX - area.left) / area.width * (right - left)
    const nearest = points.reduce((best, point) => Math.abs(point[0] - wanted) < Math.abs(best[0] - wanted) ? point : best)
    setText(readout, `${figure(nearest[1])} at ${duration(nearest[0])}`)
    put(nearest)
    plot.classList.add("read")
  })
  plot.addEventListener("pointerleave", rest)
  rest()
  return box
}
