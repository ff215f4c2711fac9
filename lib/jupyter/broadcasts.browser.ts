/** A page's kernel says itself when an output was sent; there are no broadcasts to listen to. */
export class Broadcasts {
  static ofThisKernel(): Promise<Broadcasts> {
    return Promise.resolve(new Broadcasts());
  }

  seen(_token: string): Promise<void> {
    return Promise.resolve();
  }
}
