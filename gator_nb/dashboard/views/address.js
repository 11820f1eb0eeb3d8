// The page's address says what is looked at: it can be kept, sent, and gone back to.
export function render({model}) {
  const node = make("span")
  node.hidden = true
  const put = () => {
    const url = `${location.pathname}${model.search}${location.hash}`
    if (location.search === model.search) { return }
    const other = new URLSearchParams(location.search).get("task") !== new URLSearchParams(model.search).get("task")
    history[other ? "pushState" : "replaceState"](null, "", url)
  }
  const back = () => model.send_msg({search: location.search})
  model.on("search", put)
  addEventListener("popstate", back)
  model.on("remove", () => removeEventListener("popstate", back))
  return node
}
