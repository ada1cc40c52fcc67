/** The errors' sentences in Vietnamese. */

import type { ErrorSentences } from '../index.d.ts';

const sentences: ErrorSentences = {
  'no-input': ['Không có tệp nào để đọc.', 'Hãy chọn ảnh trước.'],
  'not-an-image': ['Tệp này không phải là ảnh đọc được.', 'Hãy chọn tệp PNG, JPEG, WebP, GIF, BMP hoặc TIFF.'],
  'bad-image': ['Ảnh bị hỏng hoặc thiếu dữ liệu.', 'Mở ảnh bằng chương trình khác rồi lưu lại, hoặc chọn bản khác.'],
  'unsupported-image': [
    'Không đọc được biến thể này của định dạng ảnh.',
    'Hãy mở ảnh bằng phần mềm đọc được nó, lưu lại thành PNG rồi chọn tệp đó.',
  ],
  'image-too-large': ['Ảnh quá lớn để phóng to ở đây.', 'Hãy cắt hoặc thu nhỏ ảnh trước.'],
  'out-of-memory': ['Không đủ bộ nhớ cho ảnh này.', 'Hãy dùng bản sao nhỏ hơn, hoặc đóng bớt thẻ và chương trình khác rồi thử lại.'],
  'bad-option': ['Một tùy chọn không hợp lệ.', 'Hãy sửa tùy chọn rồi bắt đầu lại.'],
  'bad-weights': ['Không dùng được trọng số của mô hình.', 'Hãy kiểm tra xem thư mục mô hình có đầy đủ và đúng với phiên bản này không.'],
  'bad-checkpoint': ['Không dùng được tệp mô hình này.', 'Hãy chọn tệp x4 đã phát hành cùng bộ tự mã hóa, hoặc tải lại từ nơi phát hành.'],
  'hash-mismatch': [
    'Một tệp khác với tệp mà mô hình chỉ định.',
    'Hãy tải lại trang. Nếu vẫn lỗi, bản trên máy chủ đã hỏng và chủ trang phải thay bản khác.',
  ],
  http: ['Máy chủ không gửi được tệp.', 'Hãy thử lại sau.'],
  offline: ['Không kết nối được để tải tệp.', 'Hãy kết nối mạng một lần. Sau đó mô hình hoạt động ngoại tuyến.'],
  'no-browser': [
    'Ở đây không có web worker: gói này chạy trong trình duyệt.',
    'Hãy gọi nó trong trình duyệt, không phải khi trang được dựng trên máy chủ.',
  ],
  'no-webgpu': ['Không có WebGPU.', 'Hãy dùng trình duyệt mới có bật tăng tốc phần cứng, hoặc chạy trên CPU.'],
  gpu: ['GPU gặp lỗi.', 'Hãy thử lại, hoặc chạy trên CPU.'],
  storage: [
    'Không giữ được mô hình cho lần sau.',
    'Hãy giải phóng dung lượng đĩa hoặc cho phép trang này lưu trữ. Nếu không, mỗi lần vào trang đều phải tải lại mô hình.',
  ],
  aborted: ['Đã hủy.', 'Bắt đầu lại bất cứ lúc nào.'],
  disposed: ['Trình phóng to này đã bị đóng.', 'Hãy tạo cái khác.'],
  blocked: ['Trình duyệt không cho phép tải một tệp.', 'Chủ trang này phải cho phép; bảng điều khiển của trình duyệt cho biết thêm.'],
  internal: ['Lỗi nội bộ.', 'Hãy báo lỗi này kèm kích thước ảnh và tên trình duyệt.'],
};

export default sentences;
