const ICONS = {
  waiting: '<circle cx="8" cy="8" r="6.2" stroke-dasharray="2.2 2.3"/>',
  queued: '<circle cx="8" cy="8" r="6.2" stroke-dasharray="2.2 2.3"/>',
  delayed: '<circle cx="8" cy="8" r="6.2"/><path d="M8 4.6V8l2.4 1.6"/>',
  retrying: '<path d="M13.6 8a5.6 5.6 0 1 1-1.7-4M13.8 1.8v3h-3"/>',
  blocked: '<circle cx="8" cy="8" r="6.2"/><path d="M6.4 5.8v4.4M9.6 5.8v4.4"/>',
  running: '<path d="M8 1.8A6.2 6.2 0 1 1 1.8 8"/>',
  canceling: '<circle cx="8" cy="8" r="6.2" stroke-dasharray="3 2"/><rect x="6" y="6" width="4" height="4" fill="currentColor" stroke="none"/>',
  success: '<circle cx="8" cy="8" r="6.2"/><path d="M5.2 8.2l2 2 3.6-4"/>',
  finished: '<circle cx="8" cy="8" r="6.2"/><path d="M5.2 8.2l2 2 3.6-4"/>',
  failed: '<path d="M8 1.8 14.6 13.6H1.4Z"/><path d="M8 6.2v3.4M8 11.6v.1"/>',
  canceled: '<circle cx="8" cy="8" r="6.2"/><path d="M3.8 12.2l8.4-8.4"/>',
  workers: '<rect x="2" y="3" width="12" height="8" rx="1.2"/><path d="M5.5 13.6h5"/>',
  alive: '<path d="M1.4 8.4h3l2-4.6 3 8.4 2-3.8h3.2"/>',
  find: '<circle cx="7" cy="7" r="4.8"/><path d="M10.6 10.6 14 14"/>',
  draining: '<path d="M8 1.8v7.4M4.8 6.4 8 9.6l3.2-3.2M2.4 13.6h11.2"/>',
  silent: '<circle cx="8" cy="8" r="6.2"/><path d="M8 4.6V8l2.4 1.6"/>',
}

// Only ever called with names of the table above.
function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 16 16")
  svg.setAttribute("aria-hidden", "true")
  svg.setAttribute("class", `icon${name === "running" ? " turning" : ""}`)
  svg.innerHTML = ICONS[name] || ""
  return svg
}

function make(tag, className, text) {
  const node = document.createElement(tag)
  if (className) { node.className = className }
  if (text !== undefined) { node.textContent = text }
  return node
}

function setText(node, text) {
  if (node.textContent !== text) { node.textContent = text }
}

function setClass(node, text) {
  if (node.className !== text) { node.className = text }
}

function setTitle(node, text) {
  if (node.title !== text) { node.title = text }
}

function duration(seconds) {
  const s = Math.max(0, seconds)
  if (s < 0.95) { return `${Math.round(s * 1000)} ms` }
  if (s < 9.95) { return `${s.toFixed(1)} s` }
  if (s < 60) { return `${Math.floor(s)} s` }
  if (s < 3600) { return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s` }
  if (s < 86400) { return `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min` }
  return `${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h`
}

function roughly(seconds) {
  const s = Math.max(0, seconds)
  if (s < 1) { return "now" }
  if (s < 60) { return `${Math.floor(s)} s` }
  if (s < 3600) { return `${Math.floor(s / 60)} min` }
  if (s < 86400) { return `${Math.floor(s / 3600)} h` }
  return `${Math.floor(s / 86400)} d`
}

function ago(seconds) {
  return seconds < 1 ? "just now" : `${roughly(seconds)} ago`
}

// Whether a key is meant for a field that somebody types in.
function typing(event) {
  const [target] = event.composedPath()
  return target instanceof HTMLElement && (target.matches("input, textarea, select") || target.isContentEditable)
}

// Calls that come in one message are drawn together.
function batched(draw) {
  let asked = false
  return () => {
    if (asked) { return }
    asked = true
    queueMicrotask(() => { asked = false; draw() })
  }
}

// The store's time, and a beat at each full second: shared by all components of a page, whose modules
// do not know each other, so that whatever ages is drawn in one frame.
function makeTime() {
  const calls = new Set()
  const time = {
    ahead: 0,
    now: () => Date.now() / 1000 + time.ahead,
    // What comes a little late does not make the clock go back and forth.
    hear: (at) => {
      const ahead = at - Date.now() / 1000
      if (at && Math.abs(ahead - time.ahead) > 0.5) { time.ahead = ahead }
    },
    each: (call) => { calls.add(call); return () => calls.delete(call) },
  }
  const beat = () => {
    setTimeout(beat, 1000 - Date.now() % 1000)
    for (const call of calls) { call() }
  }
  beat()
  return time
}
const time = window.gatorTime ??= makeTime()

const number = new Intl.NumberFormat("en")

function copyButton(text) {
  const button = make("button", "copy", "Copy")
  button.type = "button"
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text)
      button.textContent = "Copied"
    } catch {
      button.textContent = "Select it and copy"
    }
    setTimeout(() => { button.textContent = "Copy" }, 1600)
  })
  return button
}
