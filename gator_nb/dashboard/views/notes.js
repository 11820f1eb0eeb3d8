const SIGNS = {lost: "failed", backlog: "delayed", paused: "blocked", notice: "blocked", empty: "workers"}

export function render({model}) {
  const root = make("div", "gator-notes")
  const one = ({kind, title, text, code}) => {
    const box = make("div", `note ${kind}`)
    box.setAttribute("role", kind === "lost" ? "alert" : "status")
    const body = make("div", "body")
    body.append(make("div", "title", title))
    if (text) { body.append(make("div", "text", text)) }
    if (code) {
      const shown = make("div", "code")
      shown.append(make("pre", "", code), copyButton(code))
      body.append(shown)
    }
    box.append(icon(SIGNS[kind] || "blocked"), body)
    if (kind === "notice") {
      const away = make("button", "away", "OK")
      away.type = "button"
      away.addEventListener("click", () => model.send_msg({dismiss: kind}))
      box.append(away)
    }
    return box
  }
  const draw = () => root.replaceChildren(...model.notes.map(one))
  model.on("notes", draw)
  draw()
  return root
}
