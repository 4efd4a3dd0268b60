// Whether a text is an IPv4 address that a member of a segment holds: `10.0.0.0/24`, `10.0.0.7`, `10.0.0.1-10.0.0.9`.

export function number(text) {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (!parts || parts.some((one) => one > 255)) return undefined;
  return parts.reduce((sum, one) => sum * 256 + one, 0);
}

export function holds(member, address) {
  const [text, length] = member.split("/");
  const [first, last] = text.split("-").map((one) => number(one.trim()));
  if (first === undefined) return false;
  if (length !== undefined) {
    const size = 2 ** (32 - Number(length));
    return Math.floor(first / size) === Math.floor(address / size);
  }
  return text.includes("-") ? first <= address && address <= last : first === address;
}
