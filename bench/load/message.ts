/** The bench's message: 4.7 KB, NinjaMail's average, in the shape of an everyday mail (text and HTML, some trace lines). */

const MESSAGE_ID_DIGITS = 12;

export interface Template {
  /** Ready for DATA: dot-stuffed, with the final dot. */
  readonly data: Buffer;
  /** Gives the message in `data` another Message-ID; in place. */
  setNumber(number: number): void;
}

/** `tag` tells one process's messages from another's. */
export function template(tag: string, to: string, size = 4_700, from = 'sender@client.test'): Template {
  const zeros = '0'.repeat(MESSAGE_ID_DIGITS);
  const head = `Received: from desk.client.test (desk.client.test [192.0.2.10])
\tby out.client.test (Postfix) with ESMTPS id 4XyZ1234
\tfor <${to}>; Fri, 20 Nov 2026 12:00:00 +0900 (KST)
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=client.test; s=s1;
\tt=1795143600; h=From:To:Subject:Date:Message-ID:MIME-Version;
\tbh=${'q'.repeat(43)}=;
\tb=${'Zm9v'.repeat(17)}
\t ${'YmFy'.repeat(17)}
\t ${'YmF6'.repeat(17)}==
Message-ID: <${tag}.${zeros}@client.test>
Date: Fri, 20 Nov 2026 12:00:00 +0900
MIME-Version: 1.0
User-Agent: Mozilla Thunderbird
Content-Language: ko, en-GB
To: ${to}
From: =?UTF-8?B?6rmA7YyM67Cc?= <${from}>
Subject: =?UTF-8?B?64uk7J2MIOyjvCDtmozsnZgg7J287KCV?= - next week's meeting
Content-Type: multipart/alternative; boundary="------------0123456789abcdef"

--------------0123456789abcdef
Content-Type: text/plain; charset=UTF-8; format=flowed
Content-Transfer-Encoding: 8bit

안녕하세요, 다음 주 회의 일정을 보내 드립니다.
`;
  const middle = `
--------------0123456789abcdef
Content-Type: text/html; charset=UTF-8
Content-Transfer-Encoding: 8bit

<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>
`;
  const tail = '</body></html>\n\n--------------0123456789abcdef--\n';
  const line = 'The relay rider left the capital before dawn and reached the third station by noon.\n';
  const room = size - bytes(head) - bytes(middle) - bytes(tail);
  const each = Math.max(1, Math.floor(room / 2 / (line.length + 4)));
  const text = head + line.repeat(each) + middle + `<p>${line.trimEnd()}</p>\n`.repeat(each - 1) + tail;
  const data = Buffer.from(`${text.replaceAll('\n', '\r\n')}.\r\n`);
  const at = data.indexOf(`.${zeros}@`) + 1;
  return {
    data,
    setNumber(number) {
      data.write(String(number).padStart(MESSAGE_ID_DIGITS, '0'), at, MESSAGE_ID_DIGITS, 'latin1');
    },
  };
}

function bytes(text: string): number {
  return Buffer.byteLength(text.replaceAll('\n', '\r\n'));
}
