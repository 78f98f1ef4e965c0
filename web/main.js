// The first thing that runs: says whether the server can be reached.
const state = document.getElementById('state');

try {
  const { status } = await (await fetch('../ready')).json();
  state.textContent = status;
} catch {
  state.textContent = 'offline';
}
