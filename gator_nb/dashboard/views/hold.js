// Rows stay where they are while somebody is about to click: as long as the pointer is on a button,
// a key has brought the focus here, or the pointer has moved over the rows a moment ago.
const HOLD_AFTER_MOVE = 3000
const TAP_SHIELD = 400

class Hold {
  constructor(area, changed) {
    this.area = area
    this.changed = changed
    this.until = 0
    this.onButton = false
    this.focused = false
    this.pressed = null
    this.active = false
    area.addEventListener("pointermove", (event) => this.moved(event))
    area.addEventListener("pointerover", (event) => this.moved(event))
    area.addEventListener("pointerleave", () => { this.onButton = false; this.until = 0; this.check() })
    area.addEventListener("pointerdown", (event) => {
      const button = event.target.closest("button.act")
      this.pressed = button ? button.dataset.id : null
      this.moved(event)
    })
    area.addEventListener("focusin", (event) => { this.focused = event.target.matches(":focus-visible"); this.check() })
    area.addEventListener("focusout", () => { this.focused = false; this.check() })
  }

  moved(event) {
    this.onButton = event.pointerType === "mouse" && event.target.closest("button.act") !== null
    this.until = Date.now() + HOLD_AFTER_MOVE
    this.check()
  }

  check() {
    clearTimeout(this.timer)
    if (Date.now() < this.until) { this.timer = setTimeout(() => this.check(), this.until - Date.now() + 1) }
    const active = this.onButton || this.focused || Date.now() < this.until
    if (active !== this.active) {
      this.active = active
      this.changed(active)
    }
  }

  // The id that a click means: where it was pressed is where it is let go, and under a finger
  // nothing has just moved.
  meant(event, button, shiftedAt) {
    const byKey = event.detail === 0
    const pressed = this.pressed
    this.pressed = null
    if (byKey) { return button.dataset.id }
    const justMoved = event.pointerType === "touch" && Date.now() - shiftedAt < TAP_SHIELD
    return pressed === button.dataset.id && !justMoved ? pressed : null
  }

  stop() { clearTimeout(this.timer) }
}
