package io.fairlead.vertex.standin;

import com.google.protobuf.Message;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;

/** What the server sends: headers, then messages, then how it ends. */
record Answer(Metadata headers, List<Message> messages, Status end) {
  static Answer of(Message message) {
    return new Answer(new Metadata(), List.of(message), Status.OK);
  }

  /** {@return an answer of which nothing arrives} */
  static Answer lost() {
    return new Answer(new Metadata(), List.of(), Status.UNAVAILABLE);
  }

  boolean isLost() {
    return messages.isEmpty() && !end.isOk();
  }
}
