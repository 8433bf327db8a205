/** Images of other servers: not shown until somebody says so, for this message or for all that its sender writes. */
import { call } from '../api.ts';
import type { Message } from '../api.ts';
import { forgetPeople, pathOf, people } from '../settings/person.ts';
import { Icon } from '../ui/icon.tsx';
import { toast } from '../ui/toast.tsx';
import { displayName } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { failed } from './actions.ts';
import { forgetMessages } from './messages.ts';
import { useMailWords } from './words.ts';

interface RemoteImagesProps {
  readonly message: Message;
  readonly onShow: () => void;
}

export function RemoteImages({ message, onShow }: RemoteImagesProps) {
  const words = useWords();
  const own = useMailWords();
  const [from, ...others] = message.from;
  const always = () => {
    if (from === undefined) return;
    onShow();
    const undo = () => void allow(from.address, false).catch(failed);
    allow(from.address, true)
      .then(() => toast(own.imagesAllowed(displayName(from)), { label: words.undo, act: undo }))
      .catch(failed);
  };
  return (
    <p className="notice">
      <Icon name="image" />
      <span>{words.remoteBlocked}</span>
      <button type="button" className="button small" onClick={onShow}>
        {words.showImages}
      </button>
      {from !== undefined && others.length === 0 && (
        <button type="button" className="button small" onClick={always}>
          {own.imagesAlways}
        </button>
      )}
    </p>
  );
}

/** Beside whatever else is said of that sender. */
async function allow(address: string, images: boolean): Promise<void> {
  const same = (one: string) => one.toLowerCase() === address.toLowerCase();
  const known = (await people()).find((one) => same(one.address)) ?? { address };
  const { address: _address, images: _before, ...rest } = known;
  const body = { ...rest, ...(images && { images }) };
  const nothing = Object.keys(body).length === 0;
  await (nothing ? call('DELETE', pathOf(address)) : call('PUT', pathOf(address), { body }));
  forgetPeople();
  forgetMessages();
}
