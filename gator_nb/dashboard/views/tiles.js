export function render({model}) {
  const root = make("div", "gator-tiles")
  root.setAttribute("role", "group")
  root.setAttribute("aria-label", "Filter by status")
  const parts = new Map()
  for (const tile of model.tiles) {
    const button = make("button", `tile ${tile}`)
    button.type = "button"
    button.dataset.tile = tile
    const word = make("span", "word", tile[0].toUpperCase() + tile.slice(1))
    const head = make("span", "head")
    const figure = make("span", "figure")
    head.append(icon(tile), word)
    button.append(head, figure)
    button.addEventListener("click", () => model.send_msg({show: tile}))
    parts.set(tile, {button, figure})
    root.append(button)
  }
  const show = () => {
    for (const [tile, {button, figure}] of parts) {
      const n = model.counts[tile]
      setText(figure, n === undefined ? "–" : number.format(n))
      button.setAttribute("aria-pressed", String(model.shown === tile))
      button.classList.toggle("zero", !n)
    }
  }
  model.on("counts", show)
  model.on("shown", show)
  show()
  return root
}
