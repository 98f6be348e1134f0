/** The first API of calicoctl, of 2016 and 2017, as far as it shows what Kubernetes holds. */
export const V1 = "v1";

/** The label of an endpoint that names its namespace. */
export const NAMESPACE_LABEL = "calico/k8s_ns";

/** Before the keys of a namespace's labels, which its endpoints inherit. */
export const LABEL_OF_NAMESPACE = "k8s_ns/label/";
