"""Workers as Ray actors. Only this folder imports Ray, and only what is used of it is imported.

| file          | what it is                                                               |
|---------------|--------------------------------------------------------------------------|
| `backend`     | the backend: what a pool talks to                                        |
| `replica`     | the driver's end of one worker                                           |
| `actor`       | the worker's end, inside Ray                                             |
| `outgoing`    | a worker's reports on their way to the driver                            |
| `objects`     | weights and rows in Ray's object store                                   |
| `connection`  | how a process joins a cluster, and leaves it                             |
| `reach`       | whether a cluster answers, and whom it lets in                           |
| `watch`       | whether its head, and the driver's node, are still there                 |
| `local`       | a local cluster of our own, where there is no other                      |
| `head`        | the program that keeps it                                                |
| `room`        | how many workers fit into a cluster                                      |
| `placement`   | on which node each of them is to run                                     |
| `telling`     | Ray's failures in words that help                                        |
| `noise`       | what Ray says about itself, kept off the job's output                    |
| `submission`  | jobs that run on the cluster, by Ray's job API                           |
| `shipping`    | a job's folder on its way to the nodes                                   |
| `data`        | a dataset of Ray Data as a source                                        |
| `map_batches` | a predictor class for Ray Data's `map_batches`                           |
| `batches`     | Ray Data's batches as columns                                            |
"""
