const DOING = {cancel: "Cancel", stop: "Stop", retry: "Retry"}
const GOING = {cancel: "Canceling", stop: "Stopping", retry: "Pushing again"}
const MEANT = {
  cancel: "What is queued is canceled at once, what runs is asked to stop.",
  retry: "Each runs again as a new task.",
}

function tasksOf(n) { return `${number.format(n)} task${n === 1 ? "" : "s"}` }

// What is done to many tasks: those that are picked, or all that match, counted before anything is done.
class BulkBar {
  constructor(send) {
    this.send = send
    this.picked = new Set()
    this.node = make("div", "bulk")
    this.node.setAttribute("role", "status")
  }

  button(word, kind, act) {
    const button = make("button", `pick-act ${kind}`, word)
    button.type = "button"
    button.addEventListener("click", () => { button.disabled = true; act() })
    return button
  }

  show(bulk, clear) {
    const parts = bulk ? this.standing(bulk) : this.picked.size ? this.offering(clear) : []
    this.node.hidden = parts.length === 0
    this.node.className = `bulk ${bulk ? bulk.phase : ""}`
    this.node.replaceChildren(...parts)
  }

  offering(clear) {
    const ids = [...this.picked]
    const act = (verb) => { this.send({do: verb, ids}); clear() }
    return [
      make("span", "told", `${number.format(ids.length)} selected`),
      this.button("Cancel", "cancel", () => act("cancel")),
      this.button("Retry", "retry", () => act("retry")),
      this.button("Clear", "plain", clear),
    ]
  }

  standing({verb, phase, total, done, asked, missed, trouble}) {
    const [stop, word] = [() => this.send({bulk: "dismiss"}), DOING[verb]]
    if (phase === "counting") {
      return [make("span", "told", `Counting, ${tasksOf(total)} so far …`), this.button("Stop", "plain", stop)]
    }
    if (phase === "asking" && total === 0) {
      return [make("span", "told", `None of these can be ${verb === "retry" ? "run again" : "canceled"}.`), this.button("OK", "plain", stop)]
    }
    if (phase === "asking") {
      const said = make("span", "told", `${word} ${tasksOf(total)}? `)
      said.append(make("span", "hint", MEANT[verb] || ""))
      return [said, this.button(`${word} ${tasksOf(total)}`, `sure ${verb}`, () => this.send({bulk: "confirm"})), this.button("Leave them", "plain", stop)]
    }
    if (phase === "working") {
      const track = make("span", "bulk-track")
      const fill = make("span", "bulk-fill")
      fill.style.width = `${total ? Math.min(100, (done + missed) / total * 100) : 0}%`
      track.append(fill)
      return [make("span", "told", `${GOING[verb]}, ${number.format(done + missed)} of ${number.format(total)}`), track, this.button("Stop", "plain", stop)]
    }
    const at_once = done - asked
    const told = [
      at_once ? `${tasksOf(at_once)} ${verb === "retry" ? "pushed again" : "canceled"}` : "",
      asked ? `${number.format(asked)} asked to stop` : "",
      missed ? `${number.format(missed)} left alone: ${verb === "retry" ? "not failed or canceled" : "ended already"}` : "",
      trouble ? `then: ${trouble}` : "",
    ].filter(Boolean).join(", ") || "Nothing was done"
    return [make("span", "told", `${told}.`), this.button("OK", "plain", stop)]
  }
}
