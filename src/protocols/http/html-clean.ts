/**
 * HTML from strangers, made harmless: no scripts, forms, styles or frames, nothing that is loaded from elsewhere. Links
 * stay, and open without telling where from. Images stay where they are part of the message (`cid:`).
 */
import sanitize from 'sanitize-html';

const LINK = /^(?:https?|mailto|tel):/i;

const OPTIONS: sanitize.IOptions = {
  allowedTags: (
    'p div span br hr h1 h2 h3 h4 h5 h6 blockquote pre address center a b i u s em strong small sub sup code kbd tt font ' +
    'mark del ins ul ol li dl dt dd img figure figcaption table caption thead tbody tfoot tr th td colgroup col'
  ).split(' '),
  allowedAttributes: {
    '*': ['align', 'dir', 'lang', 'title', 'valign'],
    a: ['href', 'rel', 'target'],
    img: ['src', 'alt', 'width', 'height'],
    font: ['color', 'size'],
    table: ['border', 'cellpadding', 'cellspacing', 'width', 'bgcolor'],
    tr: ['bgcolor'],
    th: ['colspan', 'rowspan', 'width', 'bgcolor'],
    td: ['colspan', 'rowspan', 'width', 'bgcolor'],
    ol: ['start', 'type'],
  },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowedSchemesByTag: { img: ['cid'] },
  allowProtocolRelative: false,
  allowedSchemesAppliedToAttributes: ['href', 'src'],
  nonTextTags: ['script', 'style', 'textarea', 'option', 'noscript', 'title', 'template', 'svg', 'math', 'xml'],
  // Beyond this the markup is nonsense; the text stays.
  nestingLimit: 100,
  disallowedTagsMode: 'discard',
  transformTags: {
    a: (tagName, { href, title }) => ({
      tagName,
      attribs: {
        // A relative link means nothing in a mail; from our page it would lead to us.
        ...(href !== undefined && LINK.test(href) && { href, rel: 'noopener noreferrer nofollow', target: '_blank' }),
        ...(title !== undefined && { title }),
      },
    }),
  },
  exclusiveFilter: ({ tag, attribs }) => tag === 'img' && !/^cid:/i.test(attribs['src'] ?? ''),
};

export function cleanHtml(html: string): string {
  return sanitize(html, OPTIONS);
}
