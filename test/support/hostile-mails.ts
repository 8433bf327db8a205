/** Mails that try to run something, to tell somebody that they are read, to look like something else, or to leave their frame. */

/** `canary`: an address that must never be asked. Subjects begin with `Hostile <n> `. */
export function hostileMails(canary: string): string[] {
  const bodies = [
    `<script>top.canary='ran';fetch('${canary}/script')</script>`,
    `<img src=x onerror="top.canary='ran';fetch('${canary}/onerror')">`,
    `<svg onload="fetch('${canary}/svg')"><script>fetch('${canary}/svg2')</script><image href="${canary}/svg3"/><use href="${canary}/svg4#x"/></svg>`,
    `<math><mtext></form><form><mglyph><style></math><img src="${canary}/mutation" onerror="fetch('${canary}/m2')">`,
    `<style>@import url(${canary}/import);body{background:url(${canary}/background)}</style><link rel=stylesheet href="${canary}/link">`,
    `<p style="background:url(${canary}/style);background-image:\\75rl(${canary}/escaped);list-style:url(${canary}/list)">x</p>`,
    `<p style="width:expression(fetch('${canary}/expression'));behavior:url(${canary}/behaviour);-moz-binding:url(${canary}/binding)">x</p>`,
    `<meta http-equiv=refresh content="0;url=${canary}/refresh"><base href="${canary}/"><img src="relative.png">`,
    `<form action="${canary}/form" method=post><input name=password autofocus onfocus="this.form.submit()"><button>Sign in</button></form>`,
    `<iframe src="${canary}/frame"></iframe><iframe srcdoc="<script>parent.parent.canary='ran'</script>"></iframe><object data="${canary}/object"></object><embed src="${canary}/embed">`,
    `<img src="${canary}/pixel.gif" width=1 height=1><img srcset="${canary}/srcset 2x"><picture><source srcset="${canary}/source"><img></picture>`,
    `<video src="${canary}/video" poster="${canary}/poster" autoplay></video><audio src="${canary}/audio" autoplay></audio><bgsound src="${canary}/sound">`,
    `<a href="javascript:top.canary='ran'" autofocus>link</a><a href="data:text/html,<script>fetch('${canary}/data')</script>">data</a><a href="vbscript:x">vb</a>`,
    `<a href="${canary}/ping-target" ping="${canary}/ping">ping</a><link rel=prefetch href="${canary}/prefetch"><link rel=dns-prefetch href="${canary}"><link rel=preconnect href="${canary}">`,
    `<body background="${canary}/body" onload="fetch('${canary}/onload')"><table background="${canary}/table"><td background="${canary}/td">x</table>`,
    `<noscript><p title="</noscript><img src=${canary}/noscript onerror=fetch('${canary}/n2')>">`,
    `<textarea><img title="</textarea><img src=${canary}/textarea onerror=fetch('${canary}/t2')>"></textarea>`,
    `<template><img src="${canary}/template"></template><xmp><img src="${canary}/xmp"></xmp><plaintext><img src="${canary}/plaintext">`,
    `<!--[if mso]><img src="${canary}/conditional"><![endif]--><!--><img src="${canary}/comment" onerror="fetch('${canary}/c2')">-->`,
    `<div style="position:fixed;inset:0;z-index:9999;background:#fff">Your session has ended. <a href="${canary}/phish">Sign in</a></div>`,
    `<img src="cid:page@x"><img src="cid:svg@x"><img src="cid:../../session"><img src="cid:&quot; onerror=&quot;fetch('${canary}/cid')">`,
    `${'<div>'.repeat(3_000)}deep${'<table><tr><td>'.repeat(500)}<img src="${canary}/deep" onerror="top.canary='ran'">`,
    `<table>${'<tr><td>x</td><td style="width:99999px">y</td></tr>'.repeat(2_000)}</table><img src="${canary}/after-table">`,
    `<p>\u202egpj.exe \u2066fdp\u2069 &#x202e;gnp.bat</p><a href="https://exаmple.test/" title="https://example.test/">https://example.test/</a>`,
    `<a href="https://example.test/" target="_top" onclick="top.canary='ran'">x</a><a id="canary" name="canary">clobber</a><img name="body">`,
  ];
  return bodies.map((body, i) => {
    const name = i % 2 === 0 ? '=?utf-8?B?4oCuZ3BqLmV4ZQ==?=' : '"<img src=x onerror=alert(1)>"';
    return [
      `From: ${name} <hostile@elsewhere.test>`,
      `Subject: Hostile ${i + 1} <img src=x onerror="top.canary='ran'">`,
      'MIME-Version: 1.0',
      'Content-Type: multipart/related; boundary=b',
      '',
      '--b',
      'Content-Type: text/html; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      '',
      ...(Buffer.from(`<html><body>${body}</body></html>`)
        .toString('base64')
        .match(/.{1,76}/g) ?? []),
      '--b',
      'Content-Type: text/html',
      'Content-ID: <page@x>',
      '',
      `<script>fetch('${canary}/attached')</script>`,
      '--b',
      'Content-Type: image/svg+xml',
      'Content-ID: <svg@x>',
      `Content-Disposition: inline; filename*=utf-8''%E2%80%AEgpj.svg`,
      '',
      `<svg xmlns="http://www.w3.org/2000/svg"><script>fetch('${canary}/attached-svg')</script><image href="${canary}/inside-svg"/></svg>`,
      '--b--',
      '',
    ].join('\n');
  });
}
