/**
 * HTML from strangers, made harmless: no scripts, forms, style sheets or frames, nothing that is loaded from elsewhere. Links
 * stay, and open without telling where from. Images stay where they are part of the message (`cid:`).
 */
import sanitize from 'sanitize-html';

/** How much of it shall be left. */
export interface CleanOptions {
  /** For a page of its own, where no rule of ours can be hidden: `style` attributes (colours, sizes, spaces) and `data:` images. */
  readonly page?: boolean;
  /** Images of other servers, too. */
  readonly remoteImages?: boolean;
}

/** Browsers take `https:\\host` and `https:host` for addresses, too: whoever writes those has something to hide. */
const LINK = /^(?:https?:\/\/|mailto:|tel:)/i;
const DATA_IMAGE = /^data:image\/(?:png|gif|jpeg|webp);base64,/i;

/** No function but colours: nothing that loads, and no escape that could spell it. */
const STYLE_VALUE = /^(?:rgba?\([\d\s.,%]{1,40}\)|[\w#%.,'"\s!+-]){1,200}$/i;
const STYLE_NAMES = (
  'color background-color background font-family font-size font-weight font-style line-height letter-spacing text-align ' +
  'text-decoration text-transform vertical-align white-space word-break width min-width max-width height padding padding-top ' +
  'padding-right padding-bottom padding-left margin margin-top margin-right margin-bottom margin-left border border-top border-right ' +
  'border-bottom border-left border-color border-style border-width border-radius border-collapse border-spacing display float clear ' +
  'direction list-style-type'
).split(' ');
const STYLES = { '*': Object.fromEntries(STYLE_NAMES.map((name) => [name, [STYLE_VALUE]])) };

const ATTRIBUTES = {
  '*': ['align', 'dir', 'lang', 'title', 'valign'],
  a: ['href', 'rel', 'target'],
  img: ['src', 'alt', 'width', 'height'],
  font: ['color', 'size'],
  table: ['border', 'cellpadding', 'cellspacing', 'width', 'bgcolor'],
  tr: ['bgcolor'],
  th: ['colspan', 'rowspan', 'width', 'bgcolor'],
  td: ['colspan', 'rowspan', 'width', 'bgcolor'],
  ol: ['start', 'type'],
} satisfies Record<string, string[]>;

const OPTIONS: sanitize.IOptions = {
  allowedTags: (
    'p div span br hr h1 h2 h3 h4 h5 h6 blockquote pre address center a b i u s em strong small sub sup code kbd tt font ' +
    'mark del ins ul ol li dl dt dd img figure figcaption table caption thead tbody tfoot tr th td colgroup col'
  ).split(' '),
  allowedAttributes: ATTRIBUTES,
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowedSchemesByTag: { img: ['cid', 'data', 'http', 'https'] },
  allowProtocolRelative: false,
  allowedSchemesAppliedToAttributes: ['href', 'src'],
  nonTextTags: ['script', 'style', 'textarea', 'option', 'noscript', 'title', 'template', 'svg', 'math', 'xml'],
  // Beyond this the markup is nonsense; the text stays.
  nestingLimit: 100,
  disallowedTagsMode: 'discard',
  transformTags: {
    a: (tagName, { href, title, style }) => ({
      tagName,
      attribs: {
        // A relative link means nothing in a mail; from our page it would lead to us.
        ...(href !== undefined && LINK.test(href) && { href, rel: 'noopener noreferrer nofollow', target: '_blank' }),
        ...(title !== undefined && { title }),
        ...(style !== undefined && { style }),
      },
    }),
  },
};

/** The same for a page of its own. */
const PAGE_OPTIONS: sanitize.IOptions = {
  ...OPTIONS,
  allowedAttributes: { ...ATTRIBUTES, '*': [...ATTRIBUTES['*'], 'style'] },
  allowedStyles: STYLES,
};

export interface CleanHtml {
  readonly html: string;
  /** Images of other servers in what was given. */
  readonly remoteImages: number;
}

export function cleanHtml(given: string, { page = false, remoteImages = false }: CleanOptions = {}): CleanHtml {
  let remote = 0;
  const exclusiveFilter = ({ tag, attribs }: sanitize.IFrame): boolean => {
    if (tag !== 'img') return false;
    const src = attribs['src'] ?? '';
    if (/^cid:/i.test(src)) return false;
    if (DATA_IMAGE.test(src)) return !page;
    if (!/^https?:\/\//i.test(src)) return true;
    remote++;
    return !(page && remoteImages);
  };
  const html = sanitize(given, { ...(page ? PAGE_OPTIONS : OPTIONS), exclusiveFilter });
  return { html, remoteImages: remote };
}
