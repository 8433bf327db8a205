import { describe, expect, test } from 'vitest';
import { htmlToText } from './html.ts';
import { cpuMs } from '../../test/support/cpu.ts';

describe('HTML to text', () => {
  test.each([
    ['<p>one</p><p>two</p>', 'one\n\ntwo'],
    ['one<br>two<br/>three', 'one\ntwo\nthree'],
    ['<ul><li>a<li>b</ul>c', '* a\n* b\n\nc'],
    ['<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>', 'a b\nc'],
    ['a <b>bold</b>, <i>x</i>', 'a bold, x'],
    ['foo<b>bar</b>', 'foobar'],
    ['<style>p{}</style><script>if (a<b) "</p>"</script>x', 'x'],
    ['<STYLE>a</style >x', 'x'],
    ['<!-- <p>no</p> -->yes', 'yes'],
    ['<!--[if mso]>no<![endif]-->yes<![if !mso]>!<![endif]>', 'yes!'],
    ['<a title="a > b" href=x>link</a>', 'link'],
    ['<a title="never closed>link</a>', 'link'],
    ['1 < 2 &amp;&amp; 3 &gt; 2', '1 < 2 && 3 > 2'],
    ['&#44032;&#xAC01; &eacute;&Eacute; &hellip; &unknown; &amp', '가각 éÉ … &unknown; &'],
    ['&#0;&#xd800;&#x110000;', '\ufffd\ufffd\ufffd'],
    ['<pre>a\n  b</pre>', 'a\n  b'],
    ['a<hr>b', 'a\n\n---\n\nb'],
    ['  a  \n  b  ', 'a b'],
    ['<', '<'],
    ['<p', ''],
    ['</', ''],
    ['<!--', ''],
    ['<style>x', ''],
    ['', ''],
    ['<__proto__>x</__proto__>', '<__proto__>x'],
    ['<constructor>x', 'x'],
  ])('%j is %j', (html, text) => expect(htmlToText(html)).toBe(text));

  test.each([
    ['nested', '<div>'],
    ['unclosed comments', '<!--'],
    ['unclosed attributes', '<a b="'],
    ['one quote per tag', '<a b=">'],
    ['unclosed styles', '<style></'],
    ['less than', '<'],
    ['ampersands', '&'],
    ['spaces', ' '],
    ['pre', '<pre>'],
    ['end tags', '</p>'],
  ])('two megabytes of %s take no time', (_, piece) => {
    const html = piece.repeat(Math.ceil((2 << 20) / piece.length));
    expect(cpuMs(() => htmlToText(html))).toBeLessThan(5000);
  });

  test('the length of the text is limited', () => {
    expect(htmlToText('word '.repeat(10_000), 100).length).toBeLessThan(1000);
  });
});
