package io.github.dnd4j.serving;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;

/** The first bytes of an answer; the connection is given up when more come. */
final class LimitedBody implements BodySubscriber<LimitedBody.Content> {

  /**
   * What was read.
   *
   * @param text what was read, in UTF-8
   * @param complete whether that is all
   */
  record Content(String text, boolean complete) {}

  private final int largest;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CompletableFuture<Content> content = new CompletableFuture<>();
  private Subscription subscription;

  LimitedBody(int largest) {
    this.largest = largest;
  }

  @Override
  public CompletionStage<Content> getBody() {
    return content;
  }

  @Override
  public void onSubscribe(Subscription newSubscription) {
    subscription = newSubscription;
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    for (ByteBuffer buffer : buffers) {
      int length = Math.min(buffer.remaining(), largest - bytes.size());
      boolean tooMany = length < buffer.remaining();
      byte[] part = new byte[length];
      buffer.get(part);
      bytes.write(part, 0, length);
      if (tooMany) {
        subscription.cancel();
        finish(false);
        return;
      }
    }
  }

  @Override
  public void onError(Throwable error) {
    content.completeExceptionally(error);
  }

  @Override
  public void onComplete() {
    finish(true);
  }

  private void finish(boolean complete) {
    content.complete(new Content(bytes.toString(StandardCharsets.UTF_8), complete));
  }
}
