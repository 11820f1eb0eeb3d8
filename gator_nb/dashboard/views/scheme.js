const STORED = "gator_nb theme"
const darkSystem = matchMedia("(prefers-color-scheme: dark)")

// "light", "dark", or "system": a browser that keeps nothing follows the system.
function wishedTheme() {
  try {
    const kept = localStorage.getItem(STORED)
    return kept === "dark" || kept === "light" ? kept : "system"
  } catch {
    return "system"
  }
}

function wishedDark() {
  const wished = wishedTheme()
  return wished === "system" ? darkSystem.matches : wished === "dark"
}

function keepTheme(name) {
  try {
    if (name === "system") { localStorage.removeItem(STORED) } else { localStorage.setItem(STORED, name) }
  } catch {
    // a browser that keeps nothing
  }
}

function rememberDark(cookie, dark) {
  document.cookie = `${cookie}=${Number(dark)}; max-age=31536000; samesite=strict`
}

// A page is made as its cookie says. Where that says something else than is wished for, as at a first
// visit in a dark room, it is asked for again before anything of it is drawn.
function beginAsWished(cookie) {
  const said = () => (document.cookie.match(`(?:^|; )${cookie}=([01])`) || [])[1] || "0"
  const wished = String(Number(wishedDark()))
  if (said() === wished) { return }
  rememberDark(cookie, wished)
  if (said() === wished) { location.reload() }
}
