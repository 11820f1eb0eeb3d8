// What has happened to a task, oldest first.
function stepsOf(steps, now) {
  const list = make("ol", "steps")
  let before = null
  for (const {kind, word, at, more} of steps) {
    const item = make("li", kind)
    const body = make("div", "step")
    const line = make("div", "what")
    line.append(make("span", "word", word))
    if (more) { line.append(make("span", "more", more)) }
    body.append(line)
    const when = make("div", "when")
    if (at !== null && at !== undefined) {
      when.append(make("span", "clock", clockOf(at, now)))
      const gap = before === null ? 0 : at - before
      if (before !== null && at <= now && gap >= 0.001) { when.append(make("span", "gap", `after ${duration(gap)}`)) }
      if (at > now) { when.append(make("span", "gap", `in ${roughly(at - now)}`)) }
      when.title = new Date(at * 1000).toLocaleString()
      before = at
    }
    item.append(icon(kind), body, when)
    list.append(item)
  }
  return list
}

function clockOf(at, now) {
  const moment = new Date(at * 1000)
  const time = moment.toLocaleTimeString([], {hour12: false})
  const sameDay = new Date(now * 1000).toDateString() === moment.toDateString()
  return sameDay ? time : `${moment.toLocaleDateString([], {month: "short", day: "numeric"})} ${time}`
}
