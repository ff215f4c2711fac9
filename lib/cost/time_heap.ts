/** What a {@link TimeHeap} holds: it remembers its own place, -1 while it is in no heap. */
export interface Timed {
  heapPlace: number;
}

/** A binary heap of things that happen at a time, each at most once. */
export class TimeHeap<T extends Timed> {
  readonly #items: T[] = [];
  readonly #times: number[] = [];

  /** The earliest time; Infinity when the heap is empty. */
  get first(): number {
    return this.#times.length === 0 ? Infinity : this.#times[0];
  }

  /** Adds an item, or moves it to another time. */
  set(item: T, time: number): void {
    const place = item.heapPlace;
    if (place < 0) {
      this.#items.push(item);
      this.#times.push(time);
      this.#rise(this.#items.length - 1, item, time);
    } else if (time < this.#times[place]) this.#rise(place, item, time);
    else this.#sink(place, item, time);
  }

  /** Takes the earliest item. */
  pop(): T {
    const item = this.#items[0];
    this.remove(item);
    return item;
  }

  remove(item: T): void {
    const place = item.heapPlace;
    if (place < 0) return;
    item.heapPlace = -1;
    const last = this.#items.pop()!, time = this.#times.pop()!;
    if (last === item) return;
    if (place > 0 && time < this.#times[(place - 1) >> 1]) this.#rise(place, last, time);
    else this.#sink(place, last, time);
  }

  #put(place: number, item: T, time: number): void {
    this.#items[place] = item;
    this.#times[place] = time;
    item.heapPlace = place;
  }

  #rise(place: number, item: T, time: number): void {
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#times[parent] <= time) break;
      this.#put(place, this.#items[parent], this.#times[parent]);
      place = parent;
    }
    this.#put(place, item, time);
  }

  #sink(place: number, item: T, time: number): void {
    const n = this.#items.length;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= n) break;
      if (child + 1 < n && this.#times[child + 1] < this.#times[child]) child++;
      if (this.#times[child] >= time) break;
      this.#put(place, this.#items[child], this.#times[child]);
      place = child;
    }
    this.#put(place, item, time);
  }
}
