/* Run inside a copy of the page: boxes of text that overlap, text that is cut, a page that scrolls. */
(function () {
  var wrong = [];
  window.onerror = function (message) { wrong.push('error: ' + message); };
  document.querySelectorAll('details').forEach(function (d) { d.open = true; });
  function scrolls(e) { return e.closest('.scroll, pre'); }
  function unseen(e) { /* said to screen readers alone */
    return e && (getComputedStyle(e).clipPath === 'inset(50%)' || unseen(e.parentElement));
  }
  function name(e) { return e.textContent.trim().slice(0, 30); }
  var boxes = [];
  var leaves = document.querySelectorAll(
    'h1, h2, p, dt, dd, li > span, li > code, td, td > span, td > div, th, summary, pre, footer, svg text');
  leaves.forEach(function (e) {
    var r = e.getBoundingClientRect();
    if (r.width && r.height && e.textContent.trim() && !unseen(e)) boxes.push({ e: e, r: r });
  });
  boxes.forEach(function (a, i) {
    if (!scrolls(a.e) && (a.r.left < -0.5 || a.r.right > innerWidth + 0.5)) wrong.push('cut: ' + name(a.e));
    if (!scrolls(a.e) && a.e.scrollWidth > a.e.clientWidth + 1 && getComputedStyle(a.e).display !== 'inline')
      wrong.push('overflows: ' + name(a.e));
    boxes.slice(i + 1).forEach(function (b) {
      if (a.e.contains(b.e) || b.e.contains(a.e)) return;
      var x = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left);
      var y = Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top);
      var clipped = scrolls(a.e) !== scrolls(b.e);
      if (x > 1 && y > 2 && !clipped) wrong.push('overlap: ' + name(a.e) + ' / ' + name(b.e));
    });
  });
  document.querySelectorAll('svg text').forEach(function (e) {
    var r = e.getBoundingClientRect(), svg = e.closest('svg').getBoundingClientRect();
    if (r.right > svg.right || r.bottom > svg.bottom || r.left < svg.left) wrong.push('outside: ' + name(e));
  });
  if (document.documentElement.scrollWidth > innerWidth) wrong.push('the page is wider than the window');
  parent.postMessage('LOOKED at ' + boxes.length + ' boxes: ' + wrong.slice(0, 8).join('; ') + 'ENDED', '*');
})();
