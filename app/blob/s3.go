package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3 keeps each stream as an object of a bucket.
type S3 struct {
	client *minio.Client
	bucket string
	prefix string // "" or "folder/"
}

func newS3(u *url.URL) (*S3, error) {
	bucket, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	secret, _ := u.User.Password()
	if u.Host == "" || bucket == "" || u.User.Username() == "" || secret == "" {
		return nil, errors.New("blob: PORTAL_BLOB_URL must name key, secret, host and bucket: s3://key:secret@host/bucket?region=…")
	}
	q := u.Query()
	region := q.Get("region")
	if region == "" {
		region = "us-east-1" // what S3-compatible services without regions expect
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(u.User.Username(), secret, ""),
		Secure: q.Get("insecure") != "1",
		Region: region,
	})
	if err != nil {
		return nil, fmt.Errorf("blob: PORTAL_BLOB_URL: %w", err)
	}
	if prefix != "" {
		prefix += "/"
	}
	return &S3{client, bucket, prefix}, nil
}

// Put spools to an unnamed temporary file first: an object of known length is
// one request that can be repeated, and a reader that fails half-way has sent
// nothing. What it spools is already encrypted by Sealed.
func (s *S3) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	f, err := os.CreateTemp("", "portal-blob-*")
	if err != nil {
		return 0, fmt.Errorf("blob: put: %w", err)
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return 0, fmt.Errorf("blob: put: %w", err)
	}
	n, err := io.Copy(f, interruptible{ctx, r})
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil {
		_, err = s.client.PutObject(ctx, s.bucket, s.prefix+key, f, n, minio.PutObjectOptions{
			ContentType: "application/octet-stream",
			// The content authenticates itself; MD5 guards the transport.
			DisableContentSha256: true,
			SendContentMd5:       true,
		})
	}
	if err != nil {
		return n, fmt.Errorf("blob: put: %w", err)
	}
	return n, nil
}

func (s *S3) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	o, err := s.client.GetObject(ctx, s.bucket, s.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		return nil, fmt.Errorf("blob: open: %w", err)
	}
	if _, err := o.Stat(); err != nil {
		o.Close()
		if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
			err = fs.ErrNotExist
		}
		return nil, fmt.Errorf("blob: open: %w", err)
	}
	return o, nil
}

func (s *S3) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := s.client.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{}); err != nil {
		return fmt.Errorf("blob: delete: %w", err)
	}
	return nil
}

func (s *S3) Walk(ctx context.Context, f func(Item) error) error {
	ctx, cancel := context.WithCancel(ctx) // the lister runs until told to stop
	defer cancel()
	for o := range s.client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix, Recursive: true}) {
		if o.Err != nil {
			return fmt.Errorf("blob: list: %w", o.Err)
		}
		key := path.Base(o.Key)
		if checkKey(key) != nil {
			continue
		}
		if err := f(Item{Key: key, Modified: o.LastModified, Size: o.Size}); err != nil {
			return err
		}
	}
	return nil
}
