const MIMES = {csv: "text/csv;charset=utf-8", json: "application/json"}

// Asks for piece after piece of what the filter finds, and saves them as one file.
class Exporter {
  constructor(send) {
    this.send = send
    this.parts = []
    this.number = 0
    this.node = make("div", "export")
    this.idle()
  }

  button(word, act, label) {
    const button = make("button", "", word)
    button.type = "button"
    if (label) { button.setAttribute("aria-label", label) }
    button.addEventListener("click", act)
    return button
  }

  idle(told) {
    const offers = ["csv", "json"].map((kind) => this.button(kind.toUpperCase(), () => this.begin(kind), `Export as ${kind.toUpperCase()}`))
    this.node.replaceChildren(make("span", told ? "told wrong" : "told", told || "Export"), ...offers)
  }

  begin(kind) {
    this.parts = kind === "csv" ? ["\ufeff"] : []
    this.number = 0
    this.going(0)
    this.send({export: kind})
  }

  going(done) {
    const stop = this.button("Stop", () => { this.send({export: "stop"}); this.parts = []; this.idle() })
    this.node.replaceChildren(make("span", "told", `Exporting, ${number.format(done)} so far …`), stop)
  }

  take({format, number: place, text, done, more, trouble}) {
    if (!format || place === this.number) { return }
    this.number = place
    if (trouble) { this.parts = []; this.idle(`It broke off after ${number.format(done)}: ${trouble}`); return }
    this.parts.push(text)
    if (more) { this.going(done); this.send({export: "on"}); return }
    this.save(format)
    this.idle()
  }

  save(kind) {
    const link = make("a")
    link.href = URL.createObjectURL(new Blob(this.parts, {type: MIMES[kind]}))
    link.download = `tasks ${new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", "-")}.${kind}`
    link.click()
    this.parts = []
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  }
}
