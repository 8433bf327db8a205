/** An image in the text, for the editor: it is named `cid:…`, and shown from where it is for now. */
import { Node as TextNode } from '@tiptap/core';

/** `sourceOf`: where the image of this name can be had. */
export const inlineImage = (sourceOf: (cid: string) => string) =>
  TextNode.create({
    name: 'image',
    group: 'inline',
    inline: true,
    draggable: true,
    addAttributes: () => ({ src: { default: '' }, alt: { default: '' } }),
    // Others would be loaded from elsewhere, by whoever writes and whoever reads.
    parseHTML: () => [{ tag: 'img[src^="cid:"]' }],
    renderHTML: ({ HTMLAttributes }) => ['img', HTMLAttributes],
    addNodeView:
      () =>
      ({ node }) => {
        const dom = document.createElement('img');
        dom.src = sourceOf(String(node.attrs['src']).slice('cid:'.length));
        dom.alt = String(node.attrs['alt']);
        return { dom, destroy: () => dom.src.startsWith('blob:') && URL.revokeObjectURL(dom.src) };
      },
  });
