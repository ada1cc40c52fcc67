/** A width and a height. In pixels of a picture, or in CSS pixels where the code says so. */
export interface Size {
  width: number;
  height: number;
}
