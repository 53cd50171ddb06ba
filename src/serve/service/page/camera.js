"use strict";
/* A photo from the camera: of the machine the page is shown on, not of the server. */

function openCamera(found, failed) {
  const dialog = document.getElementById("camera"), video = document.getElementById("video");
  if (!navigator.mediaDevices) {
    failed("browsers give the camera to pages of this machine or behind https alone; " +
      "choose a photo instead");
    return;
  }
  navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).then(stream => {
    const stop = () => stream.getTracks().forEach(track => track.stop());
    video.srcObject = stream;
    dialog.showModal();
    const take = document.getElementById("camera-take");
    take.disabled = true;
    video.addEventListener("loadedmetadata", () => { take.disabled = false; }, { once: true });
    dialog.addEventListener("close", stop, { once: true });
    document.getElementById("camera-close").onclick = () => dialog.close();
    take.onclick = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
      canvas.getContext("2d").drawImage(video, 0, 0);
      canvas.toBlob(blob => {
        dialog.close();
        if (!blob) return failed("the camera has given no picture; try again");
        found(new File([blob], "camera.jpg", { type: "image/jpeg" }));
      }, "image/jpeg", 0.95);
    };
  }).catch(error => failed(`there is no camera for this page (${error.message})`));
}
