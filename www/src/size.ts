/** A width and a height, in pixels of a picture, or in CSS pixels where noted. */
export interface Size {
  width: number;
  height: number;
}
