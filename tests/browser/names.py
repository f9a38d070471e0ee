"""Finds what a screen reader would have no name for, or could not find."""

NAMELESS = """() => {
    const shown = (one) => one.checkVisibility({ opacityProperty: false, visibilityProperty: true });
    const named = (one) => {
        const ids = (one.getAttribute('aria-labelledby') ?? '').split(/\\s+/).filter(Boolean);
        const by = ids.map((id) => document.getElementById(id));
        const labels = one.labels ? [...one.labels] : [];
        const text = [...by, ...labels].map((label) => label?.textContent ?? '').join(' ')
            || one.getAttribute('aria-label') || one.textContent || one.getAttribute('alt') || '';
        return text.trim() !== '';
    };
    const faults = [];
    const controls = 'button, a[href], input, select, textarea, [role=tab], dialog';
    for (const one of document.querySelectorAll(controls)) {
        if (shown(one) && !named(one)) faults.push(['no name', one.outerHTML.slice(0, 120)]);
    }
    for (const one of document.querySelectorAll('img')) {
        if (!one.hasAttribute('alt')) faults.push(['no alt', one.outerHTML.slice(0, 120)]);
    }
    for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for']) {
        for (const one of document.querySelectorAll(`[${name}]`)) {
            const missing = one.getAttribute(name).split(/\\s+/).filter((id) => id && !document.getElementById(id));
            if (missing.length && shown(one)) faults.push([`${name} of nothing`, missing.join(), one.outerHTML]);
        }
    }
    const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
    for (const id of new Set(ids.filter((one, at) => ids.indexOf(one) !== at))) faults.push(['twice', id]);
    return faults;
}"""
