// Runs before anything is drawn, so that the page never flashes in the other theme.
try {
  const theme = localStorage.getItem("pixelmill.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; then the system's theme it is.
}
