(function () {
  'use strict';
  var filters = document.getElementById('filters');
  var section = document.getElementById('section');
  var search = document.getElementById('search');
  var count = document.getElementById('count');
  var boxes = Array.from(filters.querySelectorAll('input[name=verdict]'));
  var sections = Array.from(document.querySelectorAll('section'));
  var clauses = Array.from(document.querySelectorAll('.clause'));
  var texts = new Map(clauses.map(function (c) { return [c, c.textContent.toLowerCase()]; }));

  function apply() {
    var verdicts = new Set(boxes.filter(function (b) { return b.checked; })
                                .map(function (b) { return b.value; }));
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var shown = 0;
    sections.forEach(function (s) {
      var any = false;
      s.querySelectorAll('.clause').forEach(function (c) {
        var fits = (!section.value || section.value === s.dataset.section) &&
          verdicts.has(c.dataset.verdict) &&
          words.every(function (w) { return texts.get(c).includes(w); });
        c.classList.toggle('hidden', !fits);
        any = any || fits;
        shown += fits ? 1 : 0;
      });
      s.classList.toggle('hidden', !any);
    });
    count.textContent = shown + ' of ' + clauses.length + ' clauses';
  }

  function openShown(open) {
    clauses.forEach(function (c) { if (!open || !c.classList.contains('hidden')) c.open = open; });
  }

  function follow() {
    var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !target.classList.contains('clause')) return;
    target.classList.remove('hidden');
    target.parentElement.classList.remove('hidden');
    target.open = true;
    target.scrollIntoView();
  }

  filters.addEventListener('input', apply);
  filters.addEventListener('submit', function (event) { event.preventDefault(); });
  document.getElementById('open').addEventListener('click', function () { openShown(true); });
  document.getElementById('close').addEventListener('click', function () { openShown(false); });
  document.addEventListener('keydown', function (event) {
    var typing = /^(INPUT|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === 'Escape' && document.activeElement === search) {
      search.value = '';
      apply();
    }
  });
  window.addEventListener('hashchange', follow);
  filters.hidden = false;
  search.placeholder += '  ( / )';
  apply();
  follow();
})();
