package io.fairlead.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What a streaming chat model was heard to say. */
class Recording implements StreamingChatResponseHandler {
  private final List<String> parts = new ArrayList<>();
  private final CompletableFuture<ChatResponse> end = new CompletableFuture<>();

  @Override
  public void onPartialResponse(String part) {
    parts.add(part);
  }

  @Override
  public void onCompleteResponse(ChatResponse response) {
    assertThat(end.complete(response)).as("the only end").isTrue();
  }

  @Override
  public void onError(Throwable error) {
    assertThat(end.completeExceptionally(error)).as("the only end").isTrue();
  }

  /** {@return the parts up to the end} */
  List<String> parts() {
    return parts;
  }

  ChatResponse complete() {
    try {
      return end.get(60, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  Throwable error() {
    try {
      throw new AssertionError("complete: " + end.get(60, TimeUnit.SECONDS));
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }
}
