/** Text with formatting. ProseMirror knows how to leave a syllable alone while it is composed. */
import { Editor } from '@tiptap/core';
import { StarterKit } from '@tiptap/starter-kit';
import { useEffect, useRef, useState } from 'react';
import { hangulInEditor } from '../hangul/in-editor.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { useWords } from '../words/words.ts';
import { inlineImage } from './inline-image.ts';
import { isImage } from './inline-images.ts';
import { useComposeWords } from './words.ts';

interface RichTextProps {
  readonly html: string;
  /** Another number: the text was changed elsewhere. */
  readonly version: number;
  readonly onChange: (html: string, text: string) => void;
  /** Images for the text: those that may stand in it are shown by their names. */
  readonly onImages: (images: readonly File[], show: (cid: string, name: string) => void) => void;
  /** Where the image of a name can be had. */
  readonly sourceOf: (cid: string) => string;
}

export function RichText(props: RichTextProps) {
  const { html, version } = props;
  const words = useWords();
  const own = useComposeWords();
  const element = useRef<HTMLDivElement>(null);
  const now = useRef(props);
  const chooser = useRef<HTMLInputElement>(null);
  const [editor, setEditor] = useState<Editor>();
  const [, drawAgain] = useState(0);
  useEffect(() => {
    now.current = props;
  });
  useEffect(() => {
    const put = (images: readonly File[], at?: number): boolean => {
      if (images.length === 0) return false;
      now.current.onImages(images, (cid, name) => insert(made, cid, name, at));
      return true;
    };
    const made = new Editor({
      element: element.current,
      // Its sheet would be written into the page, which the policy forbids; ours is in compose.css.
      injectCSS: false,
      extensions: [
        StarterKit.configure({ link: { openOnClick: false, defaultProtocol: 'https' } }),
        inlineImage((cid) => now.current.sourceOf(cid)),
      ],
      content: html,
      editorProps: {
        ...hangulInEditor(),
        attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-label': words.content },
        handlePaste: (_view, { clipboardData }) => put(imagesIn(clipboardData)),
        handleDrop: (view, event, _slice, moved) => {
          const images = moved ? [] : imagesIn(event.dataTransfer);
          const at = view.posAtCoords({ left: event.clientX, top: event.clientY });
          return put(images, at?.pos);
        },
      },
      onUpdate: ({ editor }) => now.current.onChange(editor.getHTML(), editor.getText({ blockSeparator: '\n' })),
      onTransaction: () => drawAgain((n) => n + 1),
    });
    setEditor(made);
    // Who is asked for a recipient first is not led away from there.
    if (!document.activeElement?.matches('.compose-fields input')) made.commands.focus('start');
    return () => made.destroy();
    // What it begins with; afterwards it knows better than we do.
  }, []);

  const begun = useRef(version);
  useEffect(() => {
    if (begun.current === version) return;
    begun.current = version;
    editor?.commands.setContent(now.current.html);
  }, [version, editor]);

  const tool = (label: string, icon: IconName, active: boolean, act: () => void) => (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      aria-pressed={active}
      onMouseDown={(event) => event.preventDefault()}
      onClick={act}
    >
      <Icon name={icon} />
    </button>
  );
  const link = () => {
    if (editor === undefined) return;
    if (editor.isActive('link')) return void editor.chain().focus().unsetLink().run();
    const href = prompt(words.linkAddress, 'https://');
    if (href !== null && /^(?:https?|mailto):/i.test(href)) editor.chain().focus().setLink({ href }).run();
  };
  return (
    <div className="rich-text">
      {editor !== undefined && (
        <div className="rich-tools" role="toolbar" aria-label={words.formatting}>
          {tool(words.bold, 'bold', editor.isActive('bold'), () => editor.chain().focus().toggleBold().run())}
          {tool(words.italic, 'italic', editor.isActive('italic'), () => editor.chain().focus().toggleItalic().run())}
          {tool(words.underline, 'underline', editor.isActive('underline'), () =>
            editor.chain().focus().toggleUnderline().run(),
          )}
          {tool(words.bullets, 'list', editor.isActive('bulletList'), () =>
            editor.chain().focus().toggleBulletList().run(),
          )}
          {tool(words.numbers, 'numbers', editor.isActive('orderedList'), () =>
            editor.chain().focus().toggleOrderedList().run(),
          )}
          {tool(words.quote, 'quote', editor.isActive('blockquote'), () =>
            editor.chain().focus().toggleBlockquote().run(),
          )}
          {tool(words.link, 'link', editor.isActive('link'), link)}
          {tool(own.insertImage, 'image', false, () => chooser.current?.click())}
          <input
            ref={chooser}
            type="file"
            accept="image/png,image/jpeg,image/gif,image/webp"
            multiple
            hidden
            aria-label={own.insertImage}
            onChange={(event) => {
              props.onImages([...(event.target.files ?? [])], (cid, name) => insert(editor, cid, name));
              event.target.value = '';
            }}
          />
        </div>
      )}
      <div ref={element} className="rich-body" />
    </div>
  );
}

function insert(editor: Editor, cid: string, name: string, at = editor.state.selection.to): void {
  const node = { type: 'image', attrs: { src: `cid:${cid}`, alt: name } };
  editor.chain().focus().insertContentAt(at, node).run();
}

/** None where there is text, too: programs for tables and letters put a picture of it beside it. */
function imagesIn(given: DataTransfer | null): readonly File[] {
  const text = given?.getData('text/plain') ?? '';
  return text.trim() === '' ? [...(given?.files ?? [])].filter(isImage) : [];
}
