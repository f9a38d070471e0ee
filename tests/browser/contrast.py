"""Finds text that is too faint.

Source: WCAG 2.2, 1.4.3 Contrast (Minimum): 4.5, or 3 for large text.
"""

POORLY_READABLE = """() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
        return [red, green, blue, alpha / 255];
    };
    const over = ([...top], [...below]) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3])).concat(1);
    const luminance = (color) => color.slice(0, 3)
        .map((level) => level / 255)
        .map((level) => (level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4))
        .reduce((sum, level, at) => sum + level * [0.2126, 0.7152, 0.0722][at], 0);
    const behind = (one) => {
        const layers = [];
        for (let at = one; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
        return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
    };
    const exempt = '.visually-hidden, .skip, noscript, [disabled], .side figcaption, option, :has(> input:disabled)';
    const faults = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const one = node.parentElement;
        if (!node.textContent.trim() || !one.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        if (one.closest(exempt)) continue;
        const style = getComputedStyle(one);
        const background = behind(one);
        const text = over(rgba(one.namespaceURI.endsWith('svg') ? style.fill : style.color), background);
        const [light, dark] = [luminance(text), luminance(background)].sort((a, b) => b - a);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        const ratio = (light + 0.05) / (dark + 0.05);
        const told = `${one.tagName}.${one.className} "${node.textContent.trim().slice(0, 40)}"`;
        if (ratio < (large ? 3 : 4.5)) faults.push([told, ratio.toFixed(2)]);
    }
    return faults;
}"""
