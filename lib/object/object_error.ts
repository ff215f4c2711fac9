/** Something that is wrong with an object file; the message is for the reader of a notebook. */
export class ObjectError extends Error {
  override name = "ObjectError";
}
