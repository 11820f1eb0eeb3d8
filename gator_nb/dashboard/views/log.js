// The end of a log; it follows what comes for as long as its end is in sight.
class LogPane {
  constructor(earlier) {
    this.node = make("div", "log")
    this.more = make("button", "earlier")
    this.more.type = "button"
    this.more.addEventListener("click", earlier)
    this.text = make("pre")
    this.text.tabIndex = 0
    this.text.setAttribute("aria-label", "Log")
    this.down = make("button", "down", "↓ Follow")
    this.down.type = "button"
    this.down.addEventListener("click", () => { this.follows = true; this.toEnd() })
    this.node.append(this.more, this.text, this.down)
    this.follows = true
    this.going = false
    this.text.addEventListener("scroll", () => {
      const {scrollTop, clientHeight, scrollHeight} = this.text
      this.follows = scrollTop + clientHeight >= scrollHeight - 24
      this.show()
    })
  }

  set({text, earlier, going}) {
    this.going = going
    setText(this.text, text)
    setText(this.more, earlier ? `Show earlier output (${number.format(earlier)} more characters)` : "")
    if (this.follows) { this.toEnd() }
    this.show()
  }

  // What ran comes to its end in sight; of another task the end is what matters too.
  again() { this.follows = true }

  toEnd() { this.text.scrollTop = this.text.scrollHeight }

  show() { this.down.hidden = this.follows || !this.going }
}
