const KEY_WORDS = [
  ["/", "filter"], ["j  k", "next, previous task"], ["Enter", "open it"], ["x", "select it"], ["c", "cancel it"],
  ["r", "run it again"], ["Esc", "close, or clear the filter"], ["t", "light or dark"], ["?", "these keys"],
]
const THEMES = ["system", "light", "dark"]

function keyList() {
  const list = make("dl", "keys")
  for (const [key, told] of KEY_WORDS) {
    const term = make("dt")
    term.append(...key.split("  ").map((one) => make("kbd", "", one)))
    list.append(term, make("dd", "", told))
  }
  return list
}

// What the browser keeps of a person's wish; without one the page follows the system.
class ThemeChoice {
  constructor(chosen, put) {
    this.node = make("div", "themes")
    this.node.setAttribute("role", "group")
    this.node.setAttribute("aria-label", "Theme")
    for (const name of THEMES) {
      const button = make("button", "", name[0].toUpperCase() + name.slice(1))
      button.type = "button"
      button.dataset.theme = name
      button.addEventListener("click", () => { put(name); this.show(chosen()) })
      this.node.append(button)
    }
    this.show(chosen())
  }

  show(name) {
    for (const button of this.node.children) { button.setAttribute("aria-pressed", String(button.dataset.theme === name)) }
  }
}
